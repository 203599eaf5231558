//! Stories of RTCP: what is missed is asked for and repeated, key frames are asked for, reports go both ways.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use sfu::command::{Command, Extensions};
use sfu::drops::DropReason;
use sfu::rtp::header::Elements;
use sfu::rtp::rtcp;
use sim::World;
use sim::hand::{RTX_PT, outgoing, read, video, vp8};

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
