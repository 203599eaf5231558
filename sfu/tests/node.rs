//! Stories of a whole node in virtual time: peers connect, publish and watch by real ICE, DTLS, SRTP, RTP and RTCP.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use sfu::command::{Codec, Command, Direction, Event, Extensions, Setup};
use sfu::drops::DropReason;
use sfu::rtp::rtcp;
use sfu::rtp::vp8::Descriptor;
use sim::World;
use sim::hand::{FRAME, PWD, outgoing, read, video, vp8};

/// A key frame request goes to the publisher until it is answered; only then does the watcher get packets, its own SSRC on them.
#[test]
fn a_watcher_is_served_from_the_next_keyframe() {
    let mut world = World::new();
    let (publisher, watcher) = (world.publisher(1), world.watcher(1));
    world.send_rtp(publisher, &outgoing(1, 100), &vp8(false, 100, 1));
    assert!(world.events.contains(&Event::TrackLive { conn: world.peers[publisher].conn, track: 1 }));
    world.assign(watcher, 0, Some(1));
    world.play(publisher, 1, 101..120);
    assert!(world.peers[watcher].rtp.is_empty());
    assert_eq!(world.keyframes_asked(publisher), 3, "one request every 300 ms in 630 ms");
    world.send_rtp(publisher, &outgoing(1, 120), &vp8(true, 120, 1));
    world.play(publisher, 1, 121..140);
    assert_eq!(world.keyframes_asked(publisher), 3, "an answered request is not repeated");
    let (header, payload) = read(&world.peers[watcher].rtp[0]);
    assert_eq!((header.ssrc, payload[7]), (7000, 1));
    assert_eq!(header.extension(&world.peers[watcher].rtp[0], 1), Some(&b"v0"[..]));
    let seen = world.sequences(watcher);
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)) && seen.len() == 20);
    world.account();
}

/// Nine sources take turns in one slot; the receiver sees one stream without gap, reuse or step back.
#[test]
fn sources_move_through_a_slot_as_one_stream() {
    let mut world = World::new();
    let publishers: Vec<usize> = (1..=9).map(|track| world.publisher(track)).collect();
    let watcher = world.watcher(2);
    for (turn, track) in (1..=9u64).cycle().take(30).enumerate() {
        world.assign(watcher, 0, Some(track));
        let start = 65_000u16.wrapping_add(turn as u16 * 100);
        world.run(FRAME);
        world.send_rtp(publishers[track as usize - 1], &outgoing(track, start), &vp8(true, start, track as u8));
        for step in 1..20 {
            world.run(FRAME);
            let sequence = start.wrapping_add(step);
            world.send_rtp(
                publishers[track as usize - 1],
                &outgoing(track, sequence),
                &vp8(false, sequence, track as u8),
            );
        }
    }
    let packets = &world.peers[watcher].rtp;
    assert_eq!(packets.len(), 600);
    for pair in packets.windows(2) {
        let ((before, old), (after, new)) = (read(&pair[0]), read(&pair[1]));
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert!((after.timestamp.wrapping_sub(before.timestamp) as i32) > 0);
        let picture = |payload| Descriptor::parse(payload).unwrap().picture_id.unwrap().value;
        assert_eq!(picture(new), (picture(old) + 1) & 0x7FFF);
    }
    world.account();
}

/// An H.264 source and a VP8 source take turns in a slot, each under the receiver's own payload type, as one stream.
#[test]
fn codecs_differ_within_a_slot() {
    let mut world = World::new();
    let (first, second) = (world.publisher(1), world.connect(Direction::Up));
    let conn = world.peers[second].conn;
    let encoder = sfu::command::ReceiveTrack { codec: Codec::H264, ..video(2) };
    world.command(Command::Receive { conn, tracks: vec![encoder], extensions: Extensions::default() });
    let watcher = world.watcher(1);
    for round in 0..4u16 {
        let track = u64::from(round % 2) + 1;
        world.assign(watcher, 0, Some(track));
        for step in 0..5u16 {
            world.run(FRAME);
            let sequence = 100 * round + step + 1;
            if track == 1 {
                world.send_rtp(first, &outgoing(1, sequence), &vp8(step == 0, sequence, 1));
            } else {
                let nal: &[u8] = if step == 0 { &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1] } else { &[0x61, step as u8] };
                world.send_rtp(second, &outgoing(2, sequence), nal);
            }
        }
    }
    let seen = world.sequences(watcher);
    assert!(seen.len() == 20 && seen.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{seen:?}");
    let types: Vec<u8> = world.peers[watcher].rtp.iter().map(|packet| read(packet).0.payload_type).collect();
    let expected: Vec<u8> = [96, 102, 96, 102].into_iter().flat_map(|kind| [kind; 5]).collect();
    assert_eq!(types, expected);
    world.account();
}

/// Hostile datagrams are counted by reason, and the others' media goes on.
#[test]
fn hostile_datagrams_are_counted_and_harm_nobody() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let (known, stranger) = (world.peers[publisher].address, "192.0.2.9:9".parse().unwrap());
    let replayed = world.seal_rtp(publisher, &outgoing(1, 101), &vp8(false, 101, 1));
    world.deliver(known, &mut replayed.clone());
    world.deliver(known, &mut replayed.clone());
    let mut forged = world.seal_rtp(publisher, &outgoing(1, 102), &vp8(false, 102, 1));
    *forged.last_mut().unwrap() ^= 1;
    world.deliver(known, &mut forged);
    world.deliver(stranger, &mut replayed.clone());
    world.deliver(stranger, &mut [7; 40]);
    world.deliver(stranger, &mut [0, 1, 0, 200, 0x21, 0x12, 0xA4, 0x42, 0, 0]);
    world.deliver(known, &mut [22, 254, 253, 0, 0]);
    for length in 0..replayed.len() {
        world.deliver(known, &mut replayed[..length].to_vec());
    }
    for reason in [
        DropReason::SrtpReplayed,
        DropReason::SrtpAuthentication,
        DropReason::UnknownAddress,
        DropReason::UnknownProtocol,
        DropReason::StunMalformed,
        DropReason::RtpMalformed,
    ] {
        assert!(world.node.drops.get(reason) > 0, "{} was not counted", reason.label());
    }
    world.play(publisher, 1, 103..113);
    assert_eq!(world.sequences(watcher).len(), 12);
    world.account();
}

/// A check with a wrong password, for an unknown user or in the name of another peer opens nothing.
#[test]
fn a_false_check_opens_nothing() {
    let mut world = World::new();
    let peer = world.open(Direction::Up);
    world.remote(peer);
    let from = "192.0.2.9:9".parse().unwrap();
    let attempts = [
        (format!("{}:peer", world.peers[peer].ufrag), "wrongwrongwrongwrongwrong", DropReason::StunIntegrity),
        ("nobody:peer".into(), PWD, DropReason::StunUnknownUser),
        (format!("{}:other", world.peers[peer].ufrag), PWD, DropReason::StunUnknownUser),
    ];
    for (index, (user, pwd, reason)) in attempts.into_iter().enumerate() {
        let before = world.node.drops.get(reason);
        let mut out = [0; sfu::transport::stun::REQUEST_MAX];
        let length = sfu::transport::stun::write_request(&mut out, &[index as u8; 12], &user, pwd.as_bytes(), true);
        world.deliver(from, &mut out[..length]);
        assert_eq!(world.node.drops.get(reason), before + 1, "{}", reason.label());
    }
    world.deliver(from, &mut [0x80; 40]);
    assert_eq!(world.node.drops.get(DropReason::UnknownAddress), 1);
    assert_eq!(world.node.counters.stun_answered, 0);
    world.account();
}

/// Media moves to a new address only after a second fresh nomination and an authentic packet from there.
#[test]
fn media_moves_after_a_second_nomination_and_an_authentic_packet() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.peers[watcher].address = "10.0.0.99:6000".parse().unwrap();
    world.check(watcher);
    world.play(publisher, 1, 101..103);
    assert_eq!(world.sequences(watcher).len(), 1, "one nomination moves nothing");
    world.check(watcher);
    world.play(publisher, 1, 103..105);
    assert_eq!(world.sequences(watcher).len(), 1, "nor do two that anybody may have held back");
    let mut report = Vec::new();
    rtcp::write_receiver_report(&mut report, 1, &[], "c");
    world.send_rtcp(watcher, &report);
    world.play(publisher, 1, 105..108);
    assert_eq!(world.sequences(watcher).len(), 4);
    world.account();
}

/// A participant who checks in another's name of address does not get the other's packets.
#[test]
fn a_live_peers_address_cannot_be_taken() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let intruder = world.connect(Direction::Up);
    let honest = world.peers[intruder].address;
    world.peers[intruder].address = world.peers[publisher].address;
    world.check(intruder);
    assert_eq!(world.node.drops.get(DropReason::AddressTaken), 1);
    world.peers[intruder].address = honest;
    world.play(publisher, 1, 101..105);
    assert_eq!(world.sequences(watcher).len(), 5);
    world.account();
}

/// A check that is repeated from where it is known is answered and counts for nothing; from elsewhere it is dropped.
#[test]
fn a_repeated_check_is_answered_only_where_it_is_known() {
    let mut world = World::new();
    let peer = world.open(Direction::Up);
    world.remote(peer);
    let (known, stranger) = (world.peers[peer].address, "192.0.2.9:9".parse().unwrap());
    let mut out = [0; sfu::transport::stun::REQUEST_MAX];
    let user = format!("{}:peer", world.peers[peer].ufrag);
    let length = sfu::transport::stun::write_request(&mut out, &[9; 12], &user, PWD.as_bytes(), true);
    world.deliver(known, &mut out[..length].to_vec());
    world.deliver(known, &mut out[..length].to_vec());
    assert_eq!(world.node.counters.stun_answered, 2);
    world.deliver(stranger, &mut out[..length].to_vec());
    assert_eq!(world.node.counters.stun_answered, 2);
    assert_eq!(world.node.drops.get(DropReason::StunReplayed), 1);
    world.account();
}

/// A peer that shows another certificate than it announced is told off by an event that says so, and gets no media.
#[test]
fn a_wrong_fingerprint_ends_the_connection() {
    let mut world = World::new();
    let peer = world.open(Direction::Up);
    let stranger = sfu::transport::dtls::Certificate::generate().unwrap().fingerprint();
    let conn = world.peers[peer].conn;
    world.command(Command::Remote { conn, ufrag: "peer".into(), setup: Setup::Passive, fingerprint: stranger });
    world.handshake(peer);
    let failed = world
        .events
        .iter()
        .any(|event| matches!(event, Event::Failed { reason, .. } if reason.contains("certificate")));
    assert!(failed, "{:?}", world.events);
    assert_eq!(world.node.snapshot(0).connections.len(), 0);
    world.account();
}

/// A handshake that began before the peer's description was known goes on from what was kept.
#[test]
fn an_early_client_hello_is_kept() {
    let mut world = World::new();
    let peer = world.open(Direction::Down);
    world.handshake(peer);
    assert!(world.peers[peer].srtp.is_none());
    world.remote(peer);
    world.run(Duration::from_millis(30));
    assert!(world.events.iter().any(|event| matches!(event, Event::Connected { .. })), "{:?}", world.events);
    world.account();
}

/// A peer that falls silent for half a minute is given up, and its track leaves the slots.
#[test]
fn a_silent_peer_is_given_up() {
    let (mut world, publisher, watcher) = World::on_the_air();
    for _ in 0..4 {
        world.run(Duration::from_secs(10));
        world.check(watcher);
    }
    let conn = world.peers[publisher].conn;
    let failed = |event: &Event| matches!(event, Event::Failed { conn: failed, reason } if *failed == conn && reason.contains("30 s"));
    assert!(world.events.iter().any(failed), "{:?}", world.events);
    let snapshot = world.node.snapshot(0);
    assert_eq!((snapshot.connections.len(), snapshot.tracks.len(), snapshot.slots.len()), (1, 0, 0));
    world.account();
}

/// A connection whose description never comes is given up, however busily it is checked.
#[test]
fn a_connection_that_nobody_describes_is_given_up() {
    let mut world = World::new();
    let peer = world.open(Direction::Down);
    for _ in 0..7 {
        world.check(peer);
        world.run(Duration::from_secs(5));
    }
    let failed = |event: &Event| matches!(event, Event::Failed { reason, .. } if reason.contains("description"));
    assert!(world.events.iter().any(failed), "{:?}", world.events);
    world.account();
}

/// A slot that was empty for a night goes on with timestamps that a receiver takes for later ones.
#[test]
fn a_night_without_pictures_is_no_step_back() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.assign(watcher, 0, None);
    for _ in 0..(8 * 3600 / 20) {
        world.run(Duration::from_secs(20));
        world.check(watcher);
        world.check(publisher);
    }
    world.assign(watcher, 0, Some(1));
    world.send_rtp(publisher, &outgoing(1, 101), &vp8(true, 101, 1));
    let packets = &world.peers[watcher].rtp;
    let (before, after) = (read(&packets[0]).0.timestamp, read(&packets[1]).0.timestamp);
    assert!((after.wrapping_sub(before) as i32) > 0, "{before} {after}");
    world.account();
}
