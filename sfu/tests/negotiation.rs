//! Stories of commands: what is renegotiated, replaced and refused.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use sfu::command::{Command, Direction, Extensions};
use sfu::drops::DropReason;
use sim::World;
use sim::hand::{FRAME, PWD, outgoing, video, vp8};

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
