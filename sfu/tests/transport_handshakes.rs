//! Stories of handshakes at a node, and of what keeps a connection alive: both DTLS roles, loss, many at once, hostile ones.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use sfu::command::{Command, Direction, Event, Extensions, Setup};
use sfu::drops::DropReason;
use sfu::rtp::rtcp;
use sfu::transport::dtls::{DATAGRAM_MAX, Dtls, DtlsOutput, DtlsRole};
use sfu::transport::stun;
use sim::World;
use sim::hand::{PWD, outgoing, vp8};

/// Gives the peer a handshake of this role and the node the other one.
fn describe(world: &mut World, peer: usize, role: DtlsRole) {
    let setup = if role == DtlsRole::Client { Setup::Passive } else { Setup::Active };
    let this = &mut world.peers[peer];
    this.dtls = Some(Dtls::new(&this.certificate, role, world.fingerprint, world.now));
    let (conn, fingerprint) = (this.conn, this.certificate.fingerprint());
    world.command(Command::Remote { conn, ufrag: "peer".into(), setup, fingerprint });
}

/// What the peer's handshake has to say now.
fn said(world: &mut World, peer: usize) -> Vec<Vec<u8>> {
    let mut buffer = [0; DATAGRAM_MAX];
    let mut said = Vec::new();
    let dtls = world.peers[peer].dtls.as_mut().unwrap();
    while let DtlsOutput::Datagram(datagram) = dtls.poll(&mut buffer) {
        said.push(datagram.to_vec());
    }
    said
}

/// A check of the peer that nominates nothing.
fn plain_check(world: &mut World, peer: usize, id: u64) {
    let mut transaction = [0xDD; 12];
    transaction[..8].copy_from_slice(&id.to_be_bytes());
    let mut out = [0; stun::REQUEST_MAX];
    let user = format!("{}:peer", world.peers[peer].ufrag);
    let length = stun::write_request(&mut out, &transaction, &user, PWD.as_bytes(), false);
    let address = world.peers[peer].address;
    world.deliver(address, &mut out[..length]);
}

fn connected(world: &World) -> usize {
    world.events.iter().filter(|event| matches!(event, Event::Connected { .. })).count()
}

fn failures(world: &World, word: &str) -> usize {
    let failed = |event: &&Event| matches!(event, Event::Failed { reason, .. } if reason.contains(word));
    world.events.iter().filter(failed).count()
}

/// In either DTLS role, any one datagram of the handshake may be lost: the connection is there after a timer or two.
#[test]
fn a_handshake_in_either_role_survives_a_lost_datagram() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        for lost in 0..6 {
            let mut world = World::new();
            let peer = world.open(Direction::Down);
            describe(&mut world, peer, role);
            let (mut up, mut down) = (0, 0);
            world.peers[peer].up.lose = Some(Box::new(move |datagram| {
                up += usize::from(datagram[0] >= 20);
                datagram[0] >= 20 && lost < 3 && up == lost + 1
            }));
            world.peers[peer].down.lose = Some(Box::new(move |datagram| {
                down += usize::from(datagram[0] >= 20);
                datagram[0] >= 20 && lost >= 3 && down == lost - 2
            }));
            world.handshake(peer);
            world.run(Duration::from_millis(500)); // where the last datagram was lost, the node's timer repeats it
            assert_eq!(connected(&world), 1, "{role:?}, datagram {lost}: {:?}", world.events);
            world.account();
        }
    }
}

/// A connection up that publishes nothing connects all the same, and lives: so a network is tried before anything is on the air.
#[test]
fn a_connection_without_tracks_connects() {
    let mut world = World::new();
    let peer = world.open(Direction::Up);
    let conn = world.peers[peer].conn;
    world.command(Command::Receive { conn, tracks: Vec::new(), extensions: Extensions::default() });
    world.remote(peer);
    world.handshake(peer);
    assert_eq!((connected(&world), world.refusals().len()), (1, 0));
    for _ in 0..10 {
        world.run(Duration::from_secs(5));
        world.check(peer);
    }
    assert_eq!(world.events, [Event::Connected { conn }]);
    let snapshot = world.node.snapshot(0);
    assert!(snapshot.connections[0].connected && snapshot.tracks.is_empty());
    world.command(Command::Close { conn });
    assert!(world.node.snapshot(0).connections.is_empty());
    world.account();
}

/// A check that nominates nothing is enough for the handshake and for media: browsers nominate later.
#[test]
fn media_flows_before_a_nomination() {
    let mut world = World::new();
    let publisher = world.publisher(1);
    let watcher = world.open(Direction::Down);
    describe(&mut world, watcher, DtlsRole::Server);
    plain_check(&mut world, watcher, 1);
    world.run(Duration::from_millis(50));
    assert_eq!(connected(&world), 2);
    let conn = world.peers[watcher].conn;
    send_slot(&mut world, conn, true);
    world.assign(watcher, 0, Some(1));
    world.send_rtp(publisher, &outgoing(1, 1), &vp8(true, 1, 1));
    assert_eq!(world.sequences(watcher).len(), 1);
    world.account();
}

/// One video slot, with or without retransmissions.
fn send_slot(world: &mut World, conn: u64, repairs: bool) {
    let (rtx_ssrc, rtx) = if repairs { ("8000", "97") } else { ("null", "null") };
    let text = format!(
        r#"{{"type":"send","conn":{conn},"slots":[{{"slot":0,"mid":"v0","kind":"video","ssrc":7000,"rtx_ssrc":{rtx_ssrc},
        "cname":"c"}}],"codecs":[{{"codec":"vp8","payload_type":96,"clock_rate":90000,"rtx_payload_type":{rtx},"nack":true}}],
        "extensions":{{"mid":null,"rid":null,"repaired_rid":null,"transport_cc":null,"abs_send_time":null,"audio_level":null,
        "video_orientation":null}}}}"#
    );
    world.command(serde_json::from_str(&text).unwrap());
}

/// Where retransmissions were not negotiated a packet that is asked for is not repeated: its index would be sealed twice.
#[test]
fn without_rtx_nothing_is_repeated() {
    let mut world = World::new();
    let (publisher, watcher) = (world.publisher(1), world.connect(Direction::Down));
    let conn = world.peers[watcher].conn;
    send_slot(&mut world, conn, false);
    world.assign(watcher, 0, Some(1));
    world.send_rtp(publisher, &outgoing(1, 1), &vp8(true, 1, 1));
    world.play(publisher, 1, 2..6);
    let seen = world.sequences(watcher);
    for _ in 0..5 {
        let mut nack = Vec::new();
        rtcp::write_nack(&mut nack, 1, 7000, seen.iter().copied());
        world.send_rtcp(watcher, &nack);
        world.run(Duration::from_millis(200));
    }
    assert_eq!((world.node.counters.nacks_in, world.node.counters.repairs_out), (25, 0));
    assert_eq!(world.sequences(watcher), seen);
    world.account();
}

/// FFmpeg checks at the start, after 10.6 s and then each 5 s: that is alive.
#[test]
fn sparse_checks_keep_a_connection() {
    let mut world = World::new();
    let peer = world.connect(Direction::Up);
    world.run(Duration::from_millis(10_600));
    for id in 0..60 {
        plain_check(&mut world, peer, id);
        world.run(Duration::from_secs(5));
    }
    assert_eq!(failures(&world, ""), 0);
    world.account();
}

/// Authentic media alone keeps a connection; forged media and forged checks do not.
#[test]
fn only_what_is_authentic_keeps_a_connection() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let address = world.peers[watcher].address;
    let mut forged_check = [0; stun::REQUEST_MAX];
    let user = format!("{}:peer", world.peers[watcher].ufrag);
    let length = stun::write_request(&mut forged_check, &[1; 12], &user, b"another password, not its", true);
    for second in 0..40u16 {
        world.send_rtp(publisher, &outgoing(1, 101 + second), &vp8(false, 101 + second, 1));
        world.deliver(address, &mut [0x80; 60]);
        world.deliver(address, &mut forged_check[..length].to_vec());
        world.run(Duration::from_secs(1));
    }
    let (up, down) = (world.peers[publisher].conn, world.peers[watcher].conn);
    let failed: Vec<u64> = world
        .events
        .iter()
        .filter_map(|event| if let Event::Failed { conn, .. } = event { Some(*conn) } else { None })
        .collect();
    assert_eq!(failed, [down], "not {up}");
    assert!(world.node.drops.get(DropReason::SrtpAuthentication) > 25);
    world.account();
}

/// A handshake that the peer does not go on with ends after 10 s, in words.
#[test]
fn a_handshake_that_stalls_ends_after_ten_seconds() {
    let mut world = World::new();
    let peer = world.open(Direction::Up);
    describe(&mut world, peer, DtlsRole::Client);
    world.check(peer);
    let hello = said(&mut world, peer);
    let address = world.peers[peer].address;
    world.peers[peer].dtls = None;
    world.deliver(address, &mut hello[0].clone());
    world.run(Duration::from_millis(9_000));
    assert_eq!(failures(&world, ""), 0);
    world.run(Duration::from_millis(1_100));
    assert_eq!(failures(&world, ""), 1, "{:?}", world.events);
    assert_eq!(world.node.snapshot(0).connections.len(), 0);
    world.account();
}

/// A fragment has one handshake: another one from the same address begins nothing and disturbs nothing.
#[test]
fn a_second_handshake_on_a_fragment_begins_nothing() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let address = world.peers[watcher].address;
    for _ in 0..5 {
        let this = &mut world.peers[watcher];
        let mut again = Dtls::new(&this.certificate, DtlsRole::Client, world.fingerprint, world.now);
        let mut buffer = [0; DATAGRAM_MAX];
        while let DtlsOutput::Datagram(datagram) = again.poll(&mut buffer) {
            world.deliver(address, &mut datagram.to_vec());
        }
        world.play(
            publisher,
            1,
            101 + world.sequences(watcher).len() as u16 - 1..102 + world.sequences(watcher).len() as u16 - 1,
        );
    }
    assert_eq!((connected(&world), world.node.counters.handshakes, world.node.counters.dtls_deferred), (2, 2, 0));
    assert_eq!(world.sequences(watcher).len(), 6);
    world.account();
}

/// Three hundred clients shake hands at one instant: no tick works on more than its share, media passes in between, and all are
/// connected within a third of a second.
#[test]
fn handshakes_leave_media_its_time() {
    const CLIENTS: usize = 300;
    let (mut world, publisher, watcher) = World::on_the_air();
    let clients: Vec<usize> = (0..CLIENTS).map(|_| world.open(Direction::Up)).collect();
    let mut hellos = Vec::new();
    for client in &clients {
        describe(&mut world, *client, DtlsRole::Client);
        world.check(*client);
        let address = world.peers[*client].address;
        hellos.extend(said(&mut world, *client).into_iter().map(|hello| (address, hello)));
    }
    world.run(Duration::from_millis(10));
    let begun = world.now;
    hellos.iter_mut().for_each(|(address, hello)| world.deliver(*address, hello));
    let datagrams = 2 * hellos.len();
    for sequence in 101.. {
        let before = connected(&world);
        world.run(Duration::from_millis(10));
        world.send_rtp(publisher, &outgoing(1, sequence), &vp8(false, sequence, 1));
        assert_eq!(world.sequences(watcher).len(), usize::from(sequence) - 99, "media passes at once");
        assert!(connected(&world) - before <= 32);
        if connected(&world) == CLIENTS + 2 {
            break;
        }
    }
    let took = world.now.duration_since(begun);
    assert!(took >= Duration::from_millis(datagrams as u64 / 32 * 10), "{took:?}");
    assert!(took <= Duration::from_millis(333), "{took:?}");
    assert!(world.node.counters.dtls_deferred > 200);
    assert_eq!(world.node.drops.get(DropReason::DtlsBusy), 0);
    world.account();
}

/// A participant who floods DTLS loses his own datagrams, counted; another one's handshake has its turn all the same.
#[test]
fn a_flood_of_dtls_keeps_nobody_out() {
    let mut world = World::new();
    let (hostile, honest) = (world.connect(Direction::Up), world.open(Direction::Up));
    describe(&mut world, honest, DtlsRole::Client);
    let address = world.peers[hostile].address;
    // An application record of the next epoch, which has to be decrypted to be refused.
    let record = [&[23, 254, 253, 0, 1, 0, 0, 0, 0, 1, 0, 0, 40][..], &[7; 40]].concat();
    let mut sent = 0;
    world.check(honest);
    let hello = said(&mut world, honest);
    let from = world.peers[honest].address;
    for step in 0..100 {
        for _ in 0..100 {
            world.deliver(address, &mut record.clone());
            sent += 1;
        }
        if step == 1 {
            hello.iter().for_each(|hello| world.deliver(from, &mut hello.clone()));
        }
        world.run(Duration::from_millis(10));
        if step == 5 {
            assert_eq!(connected(&world), 2, "a flight each way in four ticks");
        }
    }
    let busy = world.node.drops.get(DropReason::DtlsBusy);
    assert!(busy >= sent - 100 * 33 - 100, "{busy} of {sent}");
    world.account();
}

/// Before the description some datagrams are kept and the rest is counted.
#[test]
fn early_dtls_is_bounded() {
    let mut world = World::new();
    let peer = world.open(Direction::Up);
    world.check(peer);
    let address = world.peers[peer].address;
    for _ in 0..20 {
        world.deliver(address, &mut [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }
    assert_eq!(world.node.drops.get(DropReason::DtlsEarly), 12);
    world.deliver(address, &mut [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1]);
    assert_eq!(world.node.drops.get(DropReason::DtlsMalformed), 1);
    world.account();
}

/// Handshakes at one time are bounded: the next one begins when one of them ends.
#[test]
fn handshakes_at_one_time_are_bounded() {
    const AT_ONCE: usize = 2048;
    let mut world = World::new();
    let begins = |world: &mut World| {
        let peer = world.open(Direction::Up);
        // The node is DTLS client, so that a beginning is seen: it speaks first.
        describe(world, peer, DtlsRole::Server);
        world.peers[peer].dtls = None;
        let before = world.node.counters.stun_answered;
        let heard = std::rc::Rc::new(std::cell::Cell::new(false));
        let ear = heard.clone();
        world.peers[peer].down.lose = Some(Box::new(move |datagram| {
            ear.set(ear.get() || datagram[0] == 22);
            false
        }));
        world.check(peer);
        assert_eq!(world.node.counters.stun_answered, before + 1);
        heard
    };
    let begun: Vec<_> = (0..AT_ONCE).map(|_| begins(&mut world)).collect();
    assert!(begun.iter().all(|heard| heard.get()));
    let next = begins(&mut world);
    world.run(Duration::from_millis(30));
    assert!(!next.get());
    let conn = world.peers[0].conn;
    world.command(Command::Close { conn });
    world.run(Duration::from_millis(10));
    assert!(next.get());
    world.account();
}
