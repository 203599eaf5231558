//! Stories of peers whose addresses change: with and without an ICE restart, and of those who would like to change them.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sfu::command::{Command, Event, Setup};
use sfu::drops::DropReason;
use sfu::rtp::rtcp;
use sfu::transport::stun;
use sim::World;
use sim::hand::{PWD, outgoing, read, vp8};

const MOBILE: &str = "198.51.100.7:40000";
const STRANGER: &str = "203.0.113.9:9";
const NEW_PWD: &str = "a-password-of-the-restart";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A check of a client; `id` makes its transaction's, apart from those that the simulator's peers use.
fn check(user: &str, pwd: &str, id: u64, nominates: bool) -> Vec<u8> {
    let mut transaction = [0xEE; 12];
    transaction[..8].copy_from_slice(&id.to_be_bytes());
    let mut out = vec![0; stun::REQUEST_MAX];
    let length = stun::write_request(&mut out, &transaction, user, pwd.as_bytes(), nominates);
    out.truncate(length);
    out
}

/// `world.peers[peer]`'s own check.
fn own_check(world: &World, peer: usize, id: u64, nominates: bool) -> Vec<u8> {
    check(&format!("{}:peer", world.peers[peer].ufrag), PWD, id, nominates)
}

/// An authentic packet of the peer, as every client sends one within a second.
fn report(world: &mut World, peer: usize) {
    let mut report = Vec::new();
    rtcp::write_receiver_report(&mut report, 1, &[], "c");
    world.send_rtcp(peer, &report);
}

fn restart(world: &mut World, peer: usize, ufrag: &str) {
    let conn = world.peers[peer].conn;
    world.command(Command::Restart { conn, ufrag: ufrag.into(), pwd: NEW_PWD.into() });
}

/// Everything that the watcher got is one stream, and it got so many packets.
fn assert_one_stream(world: &World, watcher: usize, packets: usize) {
    let seen = world.sequences(watcher);
    assert_eq!(seen.len(), packets);
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{seen:?}");
    assert!(world.peers[watcher].rtp.iter().all(|packet| read(packet).0.ssrc == 7000));
}

fn answered(world: &World) -> u64 {
    world.node.counters.stun_answered
}

/// A publisher goes from Wi-Fi to mobile: its media is taken from the first valid check on, and feedback follows it there.
#[test]
fn a_publisher_goes_from_wifi_to_mobile() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.peers[publisher].address = address(MOBILE);
    world.play(publisher, 1, 101..103);
    assert_eq!(world.node.drops.get(DropReason::UnknownAddress), 2, "nobody has proven that address yet");
    world.check(publisher);
    world.play(publisher, 1, 103..106);
    let before = world.peers[publisher].rtcp.len();
    world.check(publisher);
    world.run(Duration::from_secs(2));
    assert!(world.peers[publisher].rtcp.len() > before, "reports go to the new address");
    assert_eq!(world.sequences(watcher).len(), 4);
    assert_eq!(world.node.counters.handshakes, 2, "nobody shook hands again");
    world.account();
}

/// A watcher on a new network restarts ICE: one nomination with the new credentials and one packet bring the stream there, unbroken.
#[test]
fn a_watcher_restarts_ice_on_a_new_network() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let (old, home) = (own_check(&world, watcher, 1, true), world.peers[watcher].address);
    restart(&mut world, watcher, "renewed");
    let before = answered(&world);
    world.deliver(home, &mut old.clone());
    assert_eq!(answered(&world), before + 1, "the old credentials are answered until the new ones are used");
    world.play(publisher, 1, 101..103);

    world.peers[watcher].address = address(MOBILE);
    // The answer to the offer may come after the first check, so the peer's new fragment is not known yet.
    world.deliver(address(MOBILE), &mut check("renewed:peer2", NEW_PWD, 2, true));
    let (conn, fingerprint) = (world.peers[watcher].conn, world.peers[watcher].certificate.fingerprint());
    world.command(Command::Remote { conn, ufrag: "peer2".into(), setup: Setup::Passive, fingerprint });
    report(&mut world, watcher);
    world.play(publisher, 1, 103..106);
    assert_one_stream(&world, watcher, 6);

    let unknown = world.node.drops.get(DropReason::StunUnknownUser);
    world.deliver(home, &mut own_check(&world, watcher, 3, true));
    world.deliver(home, &mut check("renewed:peer", NEW_PWD, 4, true));
    assert_eq!(world.node.drops.get(DropReason::StunUnknownUser), unknown + 2, "old fragments are nobody's");
    world.deliver(address(MOBILE), &mut check("renewed:peer2", NEW_PWD, 5, false));
    assert_eq!(answered(&world), before + 3);
    assert!(world.refusals().is_empty() && world.node.counters.handshakes == 2, "{:?}", world.refusals());
    world.account();
}

/// A restart that the client never uses leaves everything as it was, and another one takes its place.
#[test]
fn an_unused_restart_changes_nothing() {
    let (mut world, publisher, watcher) = World::on_the_air();
    restart(&mut world, watcher, "first");
    restart(&mut world, watcher, "second");
    let home = world.peers[watcher].address;
    world.deliver(home, &mut check("first:peer", NEW_PWD, 1, true));
    assert_eq!(world.node.drops.get(DropReason::StunUnknownUser), 1);
    world.deliver(home, &mut check("second:peer", PWD, 2, true));
    assert_eq!(world.node.drops.get(DropReason::StunIntegrity), 1, "each fragment has its own password");
    world.check(watcher);
    world.play(publisher, 1, 101..104);
    assert_one_stream(&world, watcher, 4);
    restart(&mut world, publisher, "second");
    assert!(matches!(world.refusals()[..], [Event::Refused { reason, .. }] if reason.contains("in use")));
    let conn = world.peers[watcher].conn;
    world.command(Command::Close { conn });
    world.deliver(home, &mut check("second:peer", NEW_PWD, 3, true));
    assert_eq!(world.node.drops.get(DropReason::StunUnknownUser), 2, "a closed connection leaves no fragment");
    world.account();
}

/// Once DTLS has begun, a description of the same peer renews its fragment; one of another peer is refused in words.
#[test]
fn a_description_cannot_change_who_the_peer_is() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let conn = world.peers[watcher].conn;
    let (own, other) =
        (world.peers[watcher].certificate.fingerprint(), world.peers[publisher].certificate.fingerprint());
    world.command(Command::Remote { conn, ufrag: "x".into(), setup: Setup::Passive, fingerprint: other });
    assert!(matches!(world.refusals()[..], [Event::Refused { reason, .. }] if reason.contains("fingerprint")));
    world.check(watcher);
    assert_eq!(world.node.drops.get(DropReason::StunUnknownUser), 0, "what was refused changed nothing");
    world.command(Command::Remote { conn, ufrag: "x".into(), setup: Setup::Passive, fingerprint: own });
    world.check(watcher);
    assert_eq!(world.node.drops.get(DropReason::StunUnknownUser), 1);
    world.play(publisher, 1, 101..104);
    assert_one_stream(&world, watcher, 4);
    world.account();
}

/// A nomination that was overheard and is repeated from elsewhere, at once or when its id is long forgotten, moves nothing, and
/// neither does a repeated packet.
#[test]
fn a_replayed_nomination_moves_nothing() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let home = world.peers[watcher].address;
    let overheard: Vec<Vec<u8>> = (1..=3).map(|id| own_check(&world, watcher, id, true)).collect();
    for nomination in &overheard {
        world.deliver(home, &mut nomination.clone());
        world.deliver(address(STRANGER), &mut nomination.clone());
    }
    assert_eq!(world.node.drops.get(DropReason::StunReplayed), 3);
    let mut compound = Vec::new();
    rtcp::write_receiver_report(&mut compound, 1, &[], "c");
    let sealed = world.peers[watcher].seal_rtcp(&compound);
    world.deliver(home, &mut sealed.clone());
    for id in 100..400 {
        world.deliver(home, &mut own_check(&world, watcher, id, true));
    }
    for nomination in &overheard {
        world.deliver(address(STRANGER), &mut nomination.clone());
        world.deliver(address(STRANGER), &mut sealed.clone());
    }
    assert_eq!(world.node.drops.get(DropReason::SrtpReplayed), 3);
    world.play(publisher, 1, 101..105);
    assert_one_stream(&world, watcher, 5);
    world.account();
}

/// Checks that were held back on the way prove nothing about who sends them now: without an authentic packet media stays.
#[test]
fn held_back_checks_move_nothing() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let before = answered(&world);
    for id in 1..=5 {
        world.deliver(address(STRANGER), &mut own_check(&world, watcher, id, true));
    }
    assert_eq!(answered(&world), before + 5, "each is fresh and is answered");
    world.play(publisher, 1, 101..105);
    assert_one_stream(&world, watcher, 5);
    world.account();
}

/// After a restart, what was held back from before it is worth nothing; and one nomination alone, without a packet, moves nothing.
#[test]
fn a_restart_is_no_gap_for_held_back_checks() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let home = world.peers[watcher].address;
    restart(&mut world, watcher, "renewed");
    world.deliver(home, &mut check("renewed:peer", NEW_PWD, 1, true));
    for id in 2..=4 {
        world.deliver(address(STRANGER), &mut own_check(&world, watcher, id, true));
    }
    assert_eq!(world.node.drops.get(DropReason::StunUnknownUser), 3);
    world.deliver(address(STRANGER), &mut check("renewed:peer", NEW_PWD, 5, true));
    world.play(publisher, 1, 101..105);
    assert_one_stream(&world, watcher, 5);
    world.peers[watcher].address = address(STRANGER);
    report(&mut world, watcher);
    world.peers[watcher].address = home;
    world.play(publisher, 1, 105..107);
    assert_one_stream(&world, watcher, 7);
    world.account();
}

/// A nomination takes back a move that had begun: the pair that was nominated last counts.
#[test]
fn the_last_nomination_counts() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.deliver(address(MOBILE), &mut own_check(&world, watcher, 1, true));
    world.check(watcher);
    let home = world.peers[watcher].address;
    world.peers[watcher].address = address(MOBILE);
    report(&mut world, watcher);
    world.peers[watcher].address = home;
    world.play(publisher, 1, 101..104);
    assert_one_stream(&world, watcher, 4);
    world.account();
}

/// Behind a NAT that forgot its mapping, keep-alives that nominate nothing come from a new address: when the old one has been
/// silent for ten seconds, media goes there.
#[test]
fn a_forgotten_mapping_is_followed_when_the_old_address_is_silent() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.peers[watcher].address = address(MOBILE);
    for id in 1..=2 {
        world.deliver(address(MOBILE), &mut own_check(&world, watcher, id, false));
        report(&mut world, watcher);
        world.play(publisher, 1, 100 + id as u16..101 + id as u16);
        world.run(Duration::from_millis(4900));
    }
    assert_eq!(world.sequences(watcher).len(), 1);
    world.run(Duration::from_secs(1));
    world.deliver(address(MOBILE), &mut own_check(&world, watcher, 3, false));
    report(&mut world, watcher);
    world.send_rtp(publisher, &outgoing(1, 103), &vp8(true, 103, 1));
    world.play(publisher, 1, 104..107);
    assert_eq!(world.sequences(watcher).len(), 5);
    world.account();
}

/// A client that writes to another of our addresses is answered from there, and media comes from there once it has moved.
#[test]
fn media_comes_from_the_address_that_the_client_chose() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let (first, second): (IpAddr, IpAddr) = (world.local, "2001:db8::5".parse().unwrap());
    world.local = second;
    world.check(watcher);
    assert_eq!(world.left_from, Some(second), "the answer");
    world.local = first;
    world.play(publisher, 1, 101..102);
    assert_eq!(world.left_from, Some(first), "media");
    world.local = second;
    world.check(watcher);
    report(&mut world, watcher);
    world.local = first;
    world.play(publisher, 1, 102..104);
    assert_eq!(world.left_from, Some(second), "media after the move");
    assert_one_stream(&world, watcher, 4);
    world.account();
}
