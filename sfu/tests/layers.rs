//! Streams of a simulcast source and what is told beside the media: identifiers, header extensions, reports, goodbyes.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use sfu::command::{Command, Extensions, ReceiveTrack};
use sfu::drops::DropReason;
use sfu::rtp::header::{Elements, Outgoing};
use sfu::rtp::rtcp;
use sim::World;
use sim::hand::{FRAME, RTX_PT, outgoing, read, video, vp8};
use sim::peer::{
    LEVEL_EXTENSION, MID_EXTENSION, ORIENTATION_EXTENSION, REPAIRED_RID_EXTENSION, RID_EXTENSION, SEND_TIME_EXTENSION,
};

/// A publisher of track 1 in two layers, `q` and `f`, of which no SSRC is known before its packets.
fn simulcast() -> (World, usize) {
    let mut world = World::new();
    let publisher = world.publisher(9);
    let rids = vec!["q".into(), "f".into()];
    let track = ReceiveTrack { rids, ssrc: None, rtx_ssrc: None, ..video(1) };
    let conn = world.peers[publisher].conn;
    world.command(Command::Receive { conn, tracks: vec![track], extensions: sim::peers::EXTENSIONS });
    (world, publisher)
}

/// A packet of the layer; named where the element is given.
fn packet(ssrc: u32, sequence: u16, named: Option<(u8, &'static [u8])>) -> Outgoing<'static> {
    Outgoing { ssrc, extensions: Elements { mid: named, ..Elements::default() }, ..outgoing(1, sequence) }
}

fn received(world: &World) -> Vec<u64> {
    world.node.snapshot(0).tracks[0].layers.iter().map(|layer| layer.packets).collect()
}

/// A layer is known by the rid of its first packets; later ones come without.
#[test]
fn a_layer_is_latched_by_its_rid() {
    let (mut world, publisher) = simulcast();
    world.send_rtp(publisher, &packet(50, 1, None), &vp8(true, 1, 1));
    assert_eq!((received(&world), world.node.drops.get(DropReason::UnknownTrack)), (vec![0, 0], 1));
    world.send_rtp(publisher, &packet(50, 2, Some((RID_EXTENSION, b"f"))), &vp8(true, 2, 1));
    world.send_rtp(publisher, &packet(60, 7, Some((RID_EXTENSION, b"q"))), &vp8(true, 7, 1));
    for sequence in 8..12 {
        world.send_rtp(publisher, &packet(60, sequence, None), &vp8(false, sequence, 1));
        world.send_rtp(publisher, &packet(50, sequence - 5, None), &vp8(false, sequence - 5, 1));
    }
    assert_eq!(received(&world), [5, 5]);
    world.send_rtp(publisher, &packet(70, 1, Some((RID_EXTENSION, b"zz"))), &vp8(true, 1, 1));
    assert_eq!(world.node.drops.get(DropReason::UnknownTrack), 2, "no layer has that name");
}

/// Retransmissions are told apart by the rid that they repair; one that is repeated counts once, padding not at all.
#[test]
fn a_layers_retransmissions_are_known_by_what_they_repair() {
    let (mut world, publisher) = simulcast();
    world.send_rtp(publisher, &packet(50, 100, Some((RID_EXTENSION, b"f"))), &vp8(true, 100, 1));
    world.send_rtp(publisher, &packet(50, 102, None), &vp8(false, 102, 1));
    let mut repair = 101u16.to_be_bytes().to_vec();
    repair.extend_from_slice(&vp8(false, 101, 1));
    for sequence in 0..50 {
        let named = (sequence == 0).then_some((REPAIRED_RID_EXTENSION, &b"f"[..]));
        let header = Outgoing { payload_type: RTX_PT, ..packet(51, sequence, named) };
        world.send_rtp(publisher, &header, &repair);
    }
    let header = Outgoing { payload_type: RTX_PT, ..packet(51, 50, None) };
    world.send_rtp(publisher, &header, &[]);
    assert_eq!(world.node.snapshot(0).tracks[0].repaired, 1);
    assert_eq!((world.node.drops.get(DropReason::Duplicate), world.node.drops.get(DropReason::RtxEmpty)), (49, 1));
    assert_eq!(received(&world), [0, 2]);
}

/// Only what a receiver negotiated reaches it: the same packet with all extensions, with some, and with none.
#[test]
fn header_extensions_are_passed_as_negotiated() {
    let mut world = World::new();
    let publisher = world.publisher(1);
    let some = Extensions { video_orientation: Some(9), ..Extensions::default() };
    let watchers: Vec<usize> = [sim::peers::EXTENSIONS, some, Extensions::default()]
        .into_iter()
        .map(|extensions| {
            let watcher = world.watcher(1);
            world.describe_slots(watcher, 1, 0, extensions);
            world.assign(watcher, 0, Some(1));
            watcher
        })
        .collect();
    let elements = Elements {
        audio_level: Some((LEVEL_EXTENSION, 0x85)),
        video_orientation: Some((ORIENTATION_EXTENSION, 2)),
        ..Elements::default()
    };
    world.run(FRAME);
    world.send_rtp(publisher, &Outgoing { extensions: elements, ..outgoing(1, 100) }, &vp8(true, 100, 1));
    let seen = |watcher: usize| -> Vec<(u8, usize)> {
        let packet = &world.peers[watcher].rtp[0];
        (1..=14).filter_map(|id| Some((id, read(packet).0.extension(packet, id)?.len()))).collect()
    };
    assert_eq!(
        seen(watchers[0]),
        [(MID_EXTENSION, 2), (SEND_TIME_EXTENSION, 3), (LEVEL_EXTENSION, 1), (ORIENTATION_EXTENSION, 1)]
    );
    assert_eq!(seen(watchers[1]), [(9, 1)]);
    assert_eq!(seen(watchers[2]), []);
}

/// A publisher that says goodbye to a layer has that layer no more; when a connection is closed its streams say goodbye.
#[test]
fn goodbyes_are_heard_and_said() {
    let (mut world, publisher) = simulcast();
    world.send_rtp(publisher, &packet(50, 1, Some((RID_EXTENSION, b"f"))), &vp8(true, 1, 1));
    world.send_rtp(publisher, &packet(60, 1, Some((RID_EXTENSION, b"q"))), &vp8(true, 1, 1));
    let mut bye = Vec::new();
    rtcp::write_receiver_report(&mut bye, 50, &[], "publisher");
    rtcp::write_bye(&mut bye, &[50]);
    world.send_rtcp(publisher, &bye);
    world.run(FRAME * 5);
    let live: Vec<bool> = world.node.snapshot(0).tracks[0].layers.iter().map(|layer| layer.live).collect();
    assert_eq!(live, [true, false]);

    let (mut world, _, watcher) = World::on_the_air();
    let conn = world.peers[watcher].conn;
    world.peers[watcher].rtcp.clear();
    world.command(Command::Close { conn });
    let mut byes = Vec::new();
    for compound in &world.peers[watcher].rtcp {
        rtcp::parse(compound, |report| {
            if let rtcp::Report::Bye { ssrc } = report {
                byes.push(ssrc);
            }
        })
        .unwrap();
    }
    assert_eq!(byes, [7000]);
}
