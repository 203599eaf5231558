//! Stories of a whole node in virtual time: peers connect, publish and watch by real ICE, DTLS, SRTP, RTP and RTCP.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use sfu::command::{Codec, Command, Direction, Event, Extensions, Setup};
use sfu::drops::DropReason;
use sfu::rtp::header::Elements;
use sfu::rtp::rtcp;
use sfu::rtp::vp8::Descriptor;
use sim::World;
use sim::hand::{FRAME, PWD, RTX_PT, outgoing, read, video, vp8};

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

/// What is lost on the way to the watcher is repeated from the store by RTX, under the number that it had.
#[test]
fn a_lost_packet_is_repeated_when_it_is_asked_for() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let mut count = 0;
    world.peers[watcher].down.lose = Some(Box::new(move |datagram| {
        count += usize::from(datagram[0] >> 6 == 2 && datagram[1] & 0x7F == 96);
        count == 3
    }));
    world.play(publisher, 1, 101..106);
    let seen = world.sequences(watcher);
    let lost = seen[0].wrapping_add(3);
    assert!(!seen.contains(&lost) && seen.len() == 5);
    let mut nack = Vec::new();
    rtcp::write_nack(&mut nack, 1, 7000, [lost].into_iter());
    world.send_rtcp(watcher, &nack);
    let packet = world.peers[watcher].rtp.last().unwrap();
    let (header, payload) = read(packet);
    assert_eq!((header.ssrc, header.payload_type), (8000, RTX_PT));
    assert_eq!(payload[..2], lost.to_be_bytes());
    assert_eq!(payload[2 + 7..], [1, 103]);
    world.account();
}

/// A gap on the uplink is asked for by NACK; the publisher's RTX fills it, for the watcher under the number that was kept free.
#[test]
fn a_packet_lost_on_the_uplink_is_repaired_for_everyone() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.send_rtp(publisher, &outgoing(1, 102), &vp8(false, 102, 1));
    world.run(Duration::from_millis(30));
    let mut asked = Vec::new();
    for compound in &world.peers[publisher].rtcp {
        rtcp::parse(compound, |report| {
            if let rtcp::Report::Nack { media: 1000, pairs } = report {
                asked.extend(rtcp::nacked(pairs));
            }
        })
        .unwrap();
    }
    assert_eq!(asked, [101]);
    let mut repair = 101u16.to_be_bytes().to_vec();
    repair.extend(vp8(false, 101, 1));
    let header = sfu::rtp::header::Outgoing { payload_type: RTX_PT, ssrc: 1001, sequence: 1, ..outgoing(1, 101) };
    world.send_rtp(publisher, &header, &repair);
    let seen = world.sequences(watcher);
    assert_eq!(seen[1..], [seen[0] + 2, seen[0] + 1]);
    world.send_rtp(publisher, &sfu::rtp::header::Outgoing { sequence: 2, ..header }, &repair);
    assert_eq!(world.node.drops.get(DropReason::Duplicate), 1);
    world.send_rtp(publisher, &sfu::rtp::header::Outgoing { sequence: 3, ..header }, &[]);
    assert_eq!(world.node.drops.get(DropReason::RtxEmpty), 1);
    assert_eq!(world.sequences(watcher).len(), 3);
    world.account();
}

/// A watcher's key frame request reaches the publisher; an empty slot's is ignored.
#[test]
fn keyframe_requests_pass_on_and_coalesce() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let other = world.watcher(1);
    world.run(Duration::from_secs(1));
    let before = world.keyframes_asked(publisher);
    let mut pli = Vec::new();
    rtcp::write_pli(&mut pli, 1, 7000);
    for _ in 0..10 {
        world.send_rtcp(watcher, &pli);
    }
    world.send_rtcp(other, &pli);
    world.run(Duration::from_millis(100));
    assert_eq!(world.keyframes_asked(publisher), before + 1);
    world.account();
}

/// Sender reports of sound and picture follow the publisher's clock: a second later they say a second more.
#[test]
fn sender_reports_map_the_publishers_clock() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let mut report = Vec::new();
    let ntp = sfu::rtp::ntp::Ntp::from_unix(Duration::from_secs(5));
    let info = rtcp::SenderInfo { ntp, rtp: 100 * 3000, packets: 1, bytes: 1 };
    rtcp::write_sender_report(&mut report, 1000, &info, "c");
    world.send_rtcp(publisher, &report);
    world.run(Duration::from_millis(2500));
    let mut seen = Vec::new();
    for compound in &world.peers[watcher].rtcp {
        rtcp::parse(compound, |report| {
            if let rtcp::Report::Sender { ssrc: 7000, ntp, rtp } = report {
                seen.push((ntp, rtp));
            }
        })
        .unwrap();
    }
    assert!(seen.len() >= 2, "{seen:?}");
    let (first, second) = (seen[0], seen[1]);
    let nanos = second.0.nanos_since(first.0);
    assert!((nanos - 1_000_000_000).abs() < 30_000_000, "{nanos}");
    let units = f64::from(second.1.wrapping_sub(first.1)) / 90_000.0;
    assert!((units - nanos as f64 / 1e9).abs() < 0.001);
    world.account();
}

/// Publishers are told what was received and, before anything is measured, that their link is taken for wide.
#[test]
fn publishers_get_receiver_reports_and_a_remb_at_the_first_packet() {
    let (mut world, publisher, _) = World::on_the_air();
    world.run(Duration::from_millis(20));
    let (mut blocks, mut remb) = (0, 0);
    for compound in &world.peers[publisher].rtcp {
        rtcp::parse(compound, |report| match report {
            rtcp::Report::Reception(block) if block.ssrc == 1000 => blocks += 1,
            rtcp::Report::Remb { bitrate, .. } => remb = bitrate,
            _ => {}
        })
        .unwrap();
    }
    assert_eq!(blocks, 1);
    assert!(remb > 9_900_000);
    world.account();
}

/// Where transport-wide feedback was negotiated, every packet is reported on, and twenty times a second at most.
#[test]
fn publishers_get_transport_wide_feedback() {
    let (mut world, publisher, _) = World::on_the_air();
    let conn = world.peers[publisher].conn;
    let transport_cc = Some(1); // the peer here writes one extension, so its mid is taken for the number
    world.command(Command::Receive {
        conn,
        tracks: vec![video(1)],
        extensions: Extensions { transport_cc, ..Extensions::default() },
    });
    world.peers[publisher].rtcp.clear();
    for sequence in 101..161u16 {
        let number = (7000 + sequence).to_be_bytes();
        let header = sfu::rtp::header::Outgoing {
            extensions: Elements { mid: Some((1, &number)), ..Elements::default() },
            ..outgoing(1, sequence)
        };
        world.send_rtp(publisher, &header, &vp8(false, sequence, 1));
        world.run(Duration::from_millis(10));
    }
    world.run(Duration::from_millis(60));
    let feedback = world.peers[publisher].rtcp.iter().filter(|compound| compound[0] & 0x1F == 15 && compound[1] == 205);
    let counts: Vec<u16> = feedback.map(|packet| u16::from_be_bytes([packet[14], packet[15]])).collect();
    assert_eq!(counts.iter().sum::<u16>(), 60, "{counts:?}");
    assert!((10..=14).contains(&counts.len()), "{counts:?}");
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

/// Commands about what is not there are refused in words and change nothing.
#[test]
fn impossible_commands_are_refused() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let (up, down) = (world.peers[publisher].conn, world.peers[watcher].conn);
    let commands = [
        Command::Assign { conn: 99, slot: 0, track: None },
        Command::Assign { conn: down, slot: 7, track: Some(1) },
        Command::Assign { conn: down, slot: 0, track: Some(7) },
        Command::Assign { conn: up, slot: 0, track: Some(1) },
        Command::Receive { conn: down, tracks: vec![video(5)], extensions: Extensions::default() },
        Command::Open { conn: up, direction: Direction::Up, ufrag: "fresh".into(), pwd: PWD.into() },
        Command::Close { conn: 99 },
    ];
    let count = commands.len();
    for command in commands {
        world.command(command);
    }
    assert_eq!(world.refusals().len(), count);
    world.play(publisher, 1, 101..105);
    assert_eq!(world.sequences(watcher).len(), 5);
    world.account();
}

/// A renegotiation that keeps a track keeps its slots; one that drops it empties them.
#[test]
fn renegotiation_keeps_what_it_names() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let conn = world.peers[publisher].conn;
    world.command(Command::Receive {
        conn,
        tracks: vec![video(1), video(2)],
        extensions: Extensions { mid: Some(1), ..Extensions::default() },
    });
    world.play(publisher, 1, 101..105);
    assert_eq!(world.sequences(watcher).len(), 5);
    world.command(Command::Receive {
        conn,
        tracks: vec![video(2)],
        extensions: Extensions { mid: Some(1), ..Extensions::default() },
    });
    world.play(publisher, 1, 105..110);
    assert_eq!(world.sequences(watcher).len(), 5);
    assert!(world.node.drops.get(DropReason::UnknownTrack) > 0);
    assert_eq!(world.node.snapshot(0).slots.len(), 0);
    world.account();
}

/// A track that replaces another does not inherit the other's SSRC, nor its numbers.
#[test]
fn a_replaced_track_leaves_nothing_to_its_successor() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let conn = world.peers[publisher].conn;
    world.command(Command::Receive {
        conn,
        tracks: vec![video(2)],
        extensions: Extensions { mid: Some(1), ..Extensions::default() },
    });
    world.assign(watcher, 0, Some(2));
    world.send_rtp(publisher, &outgoing(1, 140), &vp8(false, 140, 1));
    assert_eq!(world.node.drops.get(DropReason::UnknownTrack), 1);
    world.send_rtp(publisher, &outgoing(2, 7), &vp8(true, 7, 2));
    world.play(publisher, 2, 8..12);
    let seen = world.sequences(watcher);
    assert_eq!(seen.len(), 6);
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{seen:?}");
    world.account();
}

/// A publisher that goes on under another SSRC begins a new stream; its watcher sees one.
#[test]
fn another_ssrc_on_the_same_track_goes_on_as_one_stream() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.play(publisher, 1, 101..105);
    let conn = world.peers[publisher].conn;
    let renewed = sfu::command::ReceiveTrack { ssrc: Some(1500), rtx_ssrc: Some(1501), ..video(1) };
    world.command(Command::Receive {
        conn,
        tracks: vec![renewed],
        extensions: Extensions { mid: Some(1), ..Extensions::default() },
    });
    for (sequence, keyframe) in [(9u16, true), (10, false), (11, false)] {
        world.run(FRAME);
        let header = sfu::rtp::header::Outgoing { ssrc: 1500, ..outgoing(1, sequence) };
        world.send_rtp(publisher, &header, &vp8(keyframe, sequence, 1));
    }
    let seen = world.sequences(watcher);
    assert_eq!(seen.len(), 8);
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{seen:?}");
    for round in 0..40 {
        let ssrc = 2000 + round;
        let renewed = sfu::command::ReceiveTrack { ssrc: Some(ssrc), rtx_ssrc: None, ..video(1) };
        world.command(Command::Receive {
            conn,
            tracks: vec![renewed],
            extensions: Extensions { mid: Some(1), ..Extensions::default() },
        });
    }
    assert!(world.refusals().is_empty(), "{:?}", world.refusals());
    world.account();
}

/// A packet that is asked for again and again within a round trip is repeated once.
#[test]
fn a_storm_of_nacks_repeats_a_packet_once_a_round_trip() {
    let (mut world, publisher, watcher) = World::on_the_air();
    world.play(publisher, 1, 101..104);
    let last = *world.sequences(watcher).last().unwrap();
    for _ in 0..20 {
        let mut nack = Vec::new();
        rtcp::write_nack(&mut nack, 1, 7000, [last].into_iter());
        world.send_rtcp(watcher, &nack);
    }
    assert_eq!(world.node.counters.repairs_out, 1);
    world.run(Duration::from_millis(60));
    let mut nack = Vec::new();
    rtcp::write_nack(&mut nack, 1, 7000, [last].into_iter());
    world.send_rtcp(watcher, &nack);
    assert_eq!(world.node.counters.repairs_out, 2);
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
