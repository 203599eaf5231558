//! What viewers see is one unbroken stream, whatever is put into a slot and whatever an uplink loses.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::assert_unbroken;
use sfu::rtp::rtcp;
use sim::hand::{outgoing, read, vp8};
use sim::world::Way;
use sim::{Camera, Conditions, Media, World, for_seeds};

const SOURCES: u64 = 9;
const SLOTS: u32 = 4;

/// Nine lossy publishers, and one viewer with four slots through which they rotate, one step every 700 ms.
fn rotation(seed: u64, camera: &Camera) -> (World, usize) {
    let mut world = World::seeded(seed);
    for track in 1..=SOURCES {
        let publisher = world.publish(vec![Media::Camera(track, camera.clone())]);
        let uplink = Conditions { loss: 0.05, delay: Duration::from_millis(30), ..Conditions::default() };
        world.set(publisher, Way::Up, uplink);
        world.set(publisher, Way::Down, Conditions { delay: Duration::from_millis(30), ..Conditions::default() });
    }
    let viewer = world.watch(SLOTS, 0);
    for step in 0..60u64 {
        let slot = (step % u64::from(SLOTS)) as u32;
        world.assign(viewer, slot, Some(1 + step % SOURCES));
        world.run(Duration::from_millis(700));
    }
    world.run(Duration::from_secs(1));
    (world, viewer)
}

/// Nine sources rotate through four slots while their uplinks lose 5 %: no gap of our making, no reuse, no broken reference; most
/// of what was lost comes later under the number that was kept free for it.
#[test]
fn nine_sources_rotate_through_four_slots_over_lossy_uplinks() {
    for_seeds(3, |seed| {
        let (world, viewer) = rotation(seed, &Camera::default());
        for slot in 0..SLOTS as usize {
            let verdict = assert_unbroken(&world, viewer, slot);
            let watched = &world.screen(viewer, slot).decoder.watched;
            assert!(verdict.epochs >= 14, "slot {slot}: {} sources came", verdict.epochs);
            assert!(watched.frames.len() >= 8, "slot {slot}: frames of {:?}", watched.frames);
            let lost = verdict.gaps.len() as f64 / verdict.packets as f64;
            assert!(lost < 0.01, "slot {slot}: {lost} is still missing after repair");
        }
        let repaired: u64 = world.node.snapshot(0).tracks.iter().map(|track| track.repaired).sum();
        assert!(repaired > 300, "{repaired}");
        world.account();
    });
}

/// The same with three temporal layers: TL0PICIDX goes on from source to source as well.
#[test]
fn temporal_layers_rotate_as_well() {
    for_seeds(3, |seed| {
        let (world, viewer) = rotation(seed, &Camera { temporal_layers: 3, ..Camera::default() });
        for slot in 0..SLOTS as usize {
            assert_unbroken(&world, viewer, slot);
            assert!(world.screen(viewer, slot).decoder.watched.shown() > 500);
        }
        world.account();
    });
}

/// A packet that the uplink loses and the publisher repeats comes under the number that was kept free, and no frame is missing.
#[test]
fn a_nacked_packet_comes_under_the_number_kept_free() {
    for_seeds(3, |seed| {
        let mut world = World::seeded(seed);
        let publisher = world.publish(vec![Media::Camera(1, Camera::default())]);
        let viewer = world.watch(1, 0);
        world.assign(viewer, 0, Some(1));
        world.run(Duration::from_secs(2));
        let mut count = 0;
        world.peers[publisher].up.lose = Some(Box::new(move |datagram| {
            count += u32::from(datagram[1] & 0x7F == 96);
            datagram[1] & 0x7F == 96 && count % 50 == 0
        }));
        world.run(Duration::from_secs(20));
        let lost = world.peers[publisher].up.stats.lost;
        world.peers[publisher].up.lose = None;
        world.run(Duration::from_secs(1));
        let verdict = assert_unbroken(&world, viewer, 0);
        assert!(lost > 50, "{lost}");
        assert_eq!((verdict.gaps, verdict.epochs), (vec![], 1));
        let watched = &world.screen(viewer, 0).decoder.watched;
        let captured = world.publisher_of(publisher).pictures[0].encodings[0].encoder.frames;
        // A frame may have been captured before the slot was assigned, and one be on its way.
        assert!(watched.shown() + 3 >= captured, "{} of {captured}", watched.shown());
        assert_eq!(watched.freezes, 0);
        world.account();
    });
}

/// A key frame whose first packet comes late, by the publisher's repair, is forwarded whole: what came before it is in the store.
#[test]
fn a_keyframe_whose_first_packet_was_repaired_is_forwarded_whole() {
    let mut world = World::new();
    let publisher = world.publish(vec![Media::Camera(1, Camera::default())]);
    let viewer = world.watch(1, 0);
    world.run(Duration::from_secs(1));
    let (mut newest, mut done) = (None, false);
    world.peers[publisher].up.lose = Some(Box::new(move |datagram| {
        let frame = &datagram[4..8];
        let first = datagram[1] & 0x7F == 96 && newest.as_deref() != Some(frame);
        newest = Some(frame.to_vec());
        // Packets of the largest size are a key frame's.
        let hit = first && !done && datagram.len() > 1150;
        done |= hit;
        hit
    }));
    world.assign(viewer, 0, Some(1));
    world.run(Duration::from_secs(2));
    assert_eq!(world.peers[publisher].up.stats.lost, 1);
    assert_eq!(world.screen(viewer, 0).nacked, 0, "the viewer had to ask for what the node held");
    world.account();
}

/// What waits when its slot gets another source is not sent, even where the other has packets of the same numbers.
#[test]
fn what_waited_for_a_slot_leaves_with_its_source() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let other = world.publisher(2);
    let mut frame = vp8(false, 101, 1);
    frame.resize(1100, 0);
    for sequence in 101..160 {
        world.send_rtp(publisher, &outgoing(1, sequence), &frame);
    }
    let before = world.sequences(watcher).len();
    assert!(before < 40, "{before}: some wait behind a burst");
    world.assign(watcher, 0, Some(2));
    for sequence in 110..150 {
        world.send_rtp(other, &outgoing(2, sequence), &vp8(sequence == 110, sequence, 2));
    }
    world.run(Duration::from_millis(100));
    let (seen, sources): (Vec<u16>, Vec<u8>) =
        world.peers[watcher].rtp.iter().map(|packet| (read(packet).0.sequence, read(packet).1[7])).unzip();
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{seen:?}");
    assert_eq!(sources[before..], [2; 40]);
    assert_eq!(world.node.counters.abandoned, 60 - before as u64);
    world.account();
}

/// A packet that waits to leave is not repeated before it: the receiver gets it once.
#[test]
fn what_waits_in_the_pacer_is_not_repeated() {
    let (mut world, publisher, watcher) = World::on_the_air();
    let mut frame = vp8(false, 101, 1);
    frame.resize(1100, 0);
    for sequence in 102..140 {
        world.send_rtp(publisher, &outgoing(1, sequence), &frame);
    }
    let first = world.sequences(watcher)[0];
    world.send_rtp(publisher, &outgoing(1, 101), &frame);
    assert!(!world.sequences(watcher).contains(&(first + 1)), "it waits behind a burst");
    let mut nack = Vec::new();
    rtcp::write_nack(&mut nack, 1, 7000, [first + 1].into_iter());
    world.send_rtcp(watcher, &nack);
    world.run(Duration::from_millis(100));
    assert!(world.sequences(watcher).contains(&(first + 1)));
    assert_eq!(world.node.counters.repairs_out, 0, "it was sent twice");
    world.account();
}

/// A viewer's own loss is repaired by RTX; jitter that reorders is not taken for loss of ours.
#[test]
fn a_viewers_own_loss_is_repaired_by_retransmission() {
    for_seeds(3, |seed| {
        let mut world = World::seeded(seed);
        world.publish(vec![Media::Camera(1, Camera::default()), Media::Voice(2)]);
        let viewer = world.watch(1, 1);
        let jitter = Duration::from_millis(8);
        let line = Conditions {
            loss: 0.05,
            delay: Duration::from_millis(20),
            jitter,
            reorders: true,
            ..Conditions::default()
        };
        world.set(viewer, Way::Down, line);
        world.set(viewer, Way::Up, Conditions { delay: Duration::from_millis(20), ..Conditions::default() });
        world.assign(viewer, 0, Some(1));
        world.assign_voice(viewer, 0, Some(2));
        world.run(Duration::from_secs(30));
        let (screen, voice) = (world.screen(viewer, 0), &world.viewer_of(viewer).voices[0]);
        let verdict = screen.numbers.verdict();
        assert!(screen.repairs > 100 && verdict.gaps.len() < 20, "{} {:?}", screen.repairs, verdict.gaps);
        assert_eq!((verdict.between, verdict.reused, screen.decoder.watched.broken), (0, 0, 0));
        assert!((1350..1500).contains(&voice.packets), "{}", voice.packets);
        assert!(voice.delay_max < Duration::from_millis(29), "{:?}", voice.delay_max);
        assert!(voice.reception.sender_reports >= 25 && screen.reception.sender_reports >= 25);
        world.account();
    });
}

/// A source that is taken out of a slot and put back, as when its microphone and camera are closed by another, is silent at once,
/// though it goes on sending. It comes back with a key frame that is asked for, as the same unbroken stream.
#[test]
fn a_source_that_is_taken_out_comes_back_with_a_keyframe() {
    for_seeds(3, |seed| {
        let mut world = World::seeded(seed);
        let publisher = world.publish(vec![Media::Camera(1, Camera::default()), Media::Voice(2)]);
        let viewer = world.watch(1, 1);
        world.assign(viewer, 0, Some(1));
        world.assign_voice(viewer, 0, Some(2));
        world.run(Duration::from_secs(3));
        let counts = |world: &World| {
            let viewer = world.viewer_of(viewer);
            (viewer.screens[0].packets, viewer.voices[0].packets, viewer.screens[0].decoder.watched.shown())
        };
        world.assign(viewer, 0, None);
        world.assign_voice(viewer, 0, None);
        world.run(Duration::from_millis(100)); // what was on its way
        let (before, asked) = (counts(&world), world.publisher_of(publisher).pictures[0].keyframes_asked);
        world.run(Duration::from_secs(2));
        assert_eq!(counts(&world), before);
        assert_eq!(world.publisher_of(publisher).pictures[0].keyframes_asked, asked, "nobody waits for one");
        world.assign(viewer, 0, Some(1));
        world.assign_voice(viewer, 0, Some(2));
        world.run(Duration::from_secs(1));
        let after = counts(&world);
        assert_eq!(world.publisher_of(publisher).pictures[0].keyframes_asked, asked + 1);
        assert!(after.1 > before.1 + 45 && after.2 > before.2 + 20, "{before:?} {after:?}");
        assert_unbroken(&world, viewer, 0);
        assert!(world.viewer_of(viewer).voices[0].numbers.verdict().gaps.is_empty());
        world.account();
    });
}
