//! Layers of a source: which one a viewer gets, and that the stream goes on over every change.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::{assert_unbroken, slot_stats};
use sfu::command::{Codec, Command};
use sfu::drops::DropReason;
use sfu::rtp::rtcp;
use sim::camera::ladder;
use sim::estimator::Estimator;
use sim::world::Way;
use sim::{Camera, Conditions, Media, World, for_seeds};

const SECOND: Duration = Duration::from_secs(1);

/// A camera of three layers.
fn simulcast(codec: Codec, temporal_layers: usize) -> Camera {
    Camera { codec, layers: ladder(), temporal_layers, ..Camera::default() }
}

/// A publisher of a camera as track 1, and a viewer with one slot that shows it.
fn call(world: &mut World, camera: Camera) -> (usize, usize) {
    let publisher = world.publish(vec![Media::Camera(1, camera)]);
    for way in [Way::Up, Way::Down] {
        world.set(publisher, way, Conditions { delay: Duration::from_millis(20), ..Conditions::default() });
    }
    let viewer = world.watch(1, 0);
    world.assign(viewer, 0, Some(1));
    (publisher, viewer)
}

/// The restriction id of the layer that is forwarded in the viewer's first slot.
fn layer(world: &World, viewer: usize) -> String {
    slot_stats(world, viewer, 0).rid.unwrap_or_default()
}

/// A viewer gets the smallest picture that fills its tile, and over each change one unbroken stream without a freeze; its
/// timestamps follow the pictures' time.
#[test]
fn a_viewer_gets_the_layer_that_its_tile_wants() {
    for codec in [Codec::Vp8, Codec::H264] {
        for_seeds(2, |seed| {
            let mut world = World::seeded(seed);
            let (_, viewer) = call(&mut world, simulcast(codec, 1));
            world.run(SECOND * 3);
            assert_eq!(layer(&world, viewer), "f1", "before the viewer says anything, the best");
            world.viewer_mut(viewer).screens[0].decoder.watched.drift = Duration::ZERO;
            for (size, rid) in [((320, 180), "q1"), ((640, 360), "h1"), ((1920, 1080), "f1"), ((300, 200), "q1")] {
                world.view(viewer, 0, size, false);
                world.run(SECOND * 3);
                assert_eq!(layer(&world, viewer), rid, "{size:?}");
            }
            assert_unbroken(&world, viewer, 0);
            let screen = world.screen(viewer, 0);
            assert_eq!((screen.decoder.watched.freezes, screen.keyframes_asked), (0, 0));
            assert!(screen.decoder.watched.shown() > 430, "{}", screen.decoder.watched.shown());
            assert!(slot_stats(&world, viewer, 0).switches >= 4);
            let drift = screen.decoder.watched.drift;
            assert!(drift < Duration::from_millis(2), "timestamps and captures differ by {drift:?}");
            world.account();
        });
    }
}

/// Before a sender report came layers are joined by their arrival: out by some frames at most, and no step back.
#[test]
fn layers_change_before_the_first_report() {
    let mut world = World::new();
    let (_, viewer) = call(&mut world, simulcast(Codec::Vp8, 1));
    for size in [(320, 180), (1280, 720), (320, 180)] {
        world.view(viewer, 0, size, false);
        world.run(SECOND / 4);
    }
    assert_unbroken(&world, viewer, 0);
    world.run(SECOND * 2);
    assert!(world.screen(viewer, 0).decoder.watched.drift < Duration::from_millis(120));
    world.account();
}

/// One request keys every layer of VP8: viewers of different layers cost one; of H.264 only the layer that somebody wants is asked.
#[test]
fn keyframes_are_asked_for_as_the_codec_answers() {
    for (codec, asked) in [(Codec::Vp8, 1), (Codec::H264, 3)] {
        let mut world = World::new();
        let (publisher, _) = call(&mut world, simulcast(codec, 1));
        let others: Vec<usize> = (0..2).map(|_| world.watch(1, 0)).collect();
        world.run(SECOND * 5);
        let before = world.publisher_of(publisher).pictures[0].keyframes_asked;
        let small = world.watch(1, 0);
        world.view(small, 0, (320, 180), false);
        world.view(others[0], 0, (640, 360), false);
        [small, others[0], others[1]].iter().for_each(|viewer| world.assign(*viewer, 0, Some(1)));
        world.run(SECOND);
        assert_eq!(world.publisher_of(publisher).pictures[0].keyframes_asked - before, asked, "{codec:?}");
        for viewer in others {
            assert!(world.screen(viewer, 0).decoder.watched.shown() > 20);
        }
        world.account();
    }
}

/// A publisher whose line has no more room drops its best layer without a word: viewers go on with the next within a second.
#[test]
fn a_layer_that_ends_is_replaced() {
    for_seeds(2, |seed| {
        let mut world = World::seeded(seed);
        let (publisher, viewer) = call(&mut world, simulcast(Codec::Vp8, 3));
        world.run(SECOND * 3);
        world.publisher_mut(publisher).pictures[0].encodings[2].active = false;
        world.run(SECOND);
        assert_eq!(layer(&world, viewer), "h1");
        world.publisher_mut(publisher).pictures[0].encodings[2].active = true;
        world.run(SECOND * 2);
        assert_eq!(layer(&world, viewer), "f1");
        assert_unbroken(&world, viewer, 0);
        assert!(world.screen(viewer, 0).decoder.watched.longest < SECOND);
        world.account();
    });
}

/// A line that is too narrow gives up temporal layers first and then the picture's size. What it carries is tried again now and
/// then. Until the link is estimated that is the plain way; it bounds what is lost and no more.
#[test]
fn a_narrow_line_is_filled_and_not_flooded() {
    for (rate_bps, rids, frames) in [(1_400_000, "f1 h1", 8..31), (700_000, "h1 q1", 8..31), (450_000, "h1 q1", 8..31)]
    {
        for_seeds(2, |seed| {
            let mut world = World::seeded(seed);
            world.publish(vec![Media::Camera(1, simulcast(Codec::Vp8, 3)), Media::Voice(2)]);
            let viewer = world.watch(1, 1);
            world.viewer_mut(viewer).estimator = Some(Estimator::default());
            let delay = Duration::from_millis(20);
            world.set(viewer, Way::Down, Conditions { rate_bps: Some(rate_bps), delay, ..Conditions::default() });
            world.assign(viewer, 0, Some(1));
            world.assign_voice(viewer, 0, Some(2));
            world.run(SECOND * 10);
            let (before, line) = (world.screen(viewer, 0).decoder.watched.shown(), world.peers[viewer].down.stats);
            let mut fits = 0;
            for _ in 0..30 {
                world.run(SECOND);
                fits += u32::from(rids.contains(&layer(&world, viewer)));
            }
            let (watched, after) = (&world.screen(viewer, 0).decoder.watched, world.peers[viewer].down.stats);
            let seen = (watched.shown() - before) / 30;
            let lost = (after.dropped - line.dropped) as f64 / (after.offered - line.offered) as f64;
            assert!(fits >= 20, "{rate_bps}: one of {rids} in {fits} of 30 s");
            assert!(frames.contains(&seen), "{rate_bps}: {seen} frames a second");
            assert!(lost < 0.3, "{rate_bps}: {lost:.3} is lost on a line that is overfull");
            assert_eq!(watched.broken, 0);
            world.account();
        });
    }
}

/// What is not shown is not sent; its reports go on, nothing says goodbye, and its key frame requests lead to none.
#[test]
fn a_paused_slot_is_silent_but_alive() {
    let mut world = World::new();
    let (publisher, viewer) = call(&mut world, simulcast(Codec::Vp8, 1));
    world.run(SECOND * 3);
    world.view(viewer, 0, (0, 0), false);
    world.run(SECOND);
    let (packets, reports) = (world.screen(viewer, 0).packets, world.screen(viewer, 0).reception.sender_reports);
    let (asked, byes) = (world.publisher_of(publisher).pictures[0].keyframes_asked, world.viewer_of(viewer).byes);
    for _ in 0..10 {
        world.viewer_mut(viewer).screens[0].insist();
        world.run(SECOND);
    }
    assert!(slot_stats(&world, viewer, 0).paused);
    assert_eq!(world.screen(viewer, 0).packets, packets);
    assert_eq!(world.publisher_of(publisher).pictures[0].keyframes_asked, asked);
    assert!(world.screen(viewer, 0).reception.sender_reports >= reports + 9);
    assert_eq!((byes, world.viewer_of(viewer).byes), (0, 0));
    world.view(viewer, 0, (1280, 720), false);
    world.run(SECOND * 2);
    assert!(world.screen(viewer, 0).packets > packets + 100);
    assert_unbroken(&world, viewer, 0);
    world.account();
}

/// Tracks come and go in the engine's places: what was paused in a slot leaves nothing behind that points to a stranger.
#[test]
fn a_slot_forgets_a_source_that_it_paused() {
    let mut world = World::new();
    let (publisher, viewer) = call(&mut world, simulcast(Codec::Vp8, 1));
    world.run(SECOND * 2);
    world.view(viewer, 0, (0, 0), false);
    world.run(SECOND);
    let conn = world.peers[publisher].conn;
    world.command(Command::Close { conn });
    world.assign(viewer, 0, None);
    world.publish(vec![Media::Voice(7)]);
    let (repairs, reports) = (world.node.counters.repairs_out, world.screen(viewer, 0).reception.sender_reports);
    let mut nack = Vec::new();
    rtcp::write_nack(&mut nack, 1, 7000, 0..=u16::MAX);
    world.run(SECOND * 3);
    world.send_rtcp(viewer, &nack);
    world.run(SECOND);
    assert_eq!(world.node.counters.repairs_out, repairs);
    assert_eq!(world.screen(viewer, 0).reception.sender_reports, reports);
    world.account();
}

/// A tile that was hidden on a narrow line is there again when it is shown: its viewer hid it, not the line.
#[test]
fn a_tile_that_is_shown_again_does_not_wait_for_the_line() {
    let mut world = World::new();
    let (_, viewer) = call(&mut world, simulcast(Codec::Vp8, 3));
    world.viewer_mut(viewer).estimator = Some(Estimator::default());
    world.set(viewer, Way::Down, Conditions { rate_bps: Some(700_000), ..Conditions::default() });
    world.run(SECOND * 15);
    world.view(viewer, 0, (0, 0), false);
    world.run(SECOND * 2);
    let before = world.screen(viewer, 0).decoder.watched.shown();
    world.view(viewer, 0, (1280, 720), false);
    world.run(SECOND * 2);
    assert!(world.screen(viewer, 0).decoder.watched.shown() > before + 5);
}

/// A viewer that cannot decode a source gets nothing of it, and asks its publisher for nothing.
#[test]
fn what_cannot_be_decoded_costs_nobody_anything() {
    let mut world = World::new();
    let publisher = world.publish(vec![Media::Camera(1, simulcast(Codec::H264, 1))]);
    let viewer = world.watch(1, 0);
    world.take_only(viewer, Codec::Vp8);
    world.run(SECOND * 2);
    let before = world.publisher_of(publisher).pictures[0].keyframes_asked;
    world.assign(viewer, 0, Some(1));
    world.run(SECOND * 5);
    assert_eq!(world.publisher_of(publisher).pictures[0].keyframes_asked, before);
    assert_eq!(world.screen(viewer, 0).packets, 0);
    assert!(world.node.drops.get(DropReason::CodecNotTaken) > 0);
    world.account();
}

/// Nine sources of all kinds rotate through four slots at changing sizes while their uplinks lose 5 %: no gap of our making, no
/// reuse, no broken reference.
#[test]
fn sources_layers_and_codecs_change_over_lossy_uplinks() {
    for_seeds(3, |seed| {
        let mut world = World::seeded(seed);
        for track in 1..=9u64 {
            let codec = if track % 3 == 0 { Codec::H264 } else { Codec::Vp8 };
            let temporal = if codec == Codec::Vp8 { 1 + track as usize % 3 } else { 1 };
            let layers = if track % 2 == 0 { ladder() } else { ladder()[1..2].to_vec() };
            let camera = Camera { layers, ..simulcast(codec, temporal) };
            let publisher = world.publish(vec![Media::Camera(track, camera)]);
            let delay = Duration::from_millis(30);
            world.set(publisher, Way::Up, Conditions { loss: 0.05, delay, ..Conditions::default() });
            world.set(publisher, Way::Down, Conditions { delay, ..Conditions::default() });
        }
        let viewer = world.watch(4, 0);
        let sizes = [(320, 180), (640, 360), (1280, 720)];
        for step in 0..60u64 {
            let slot = (step % 4) as u32;
            world.assign(viewer, slot, Some(1 + step % 9));
            world.run(Duration::from_millis(350));
            world.view(viewer, slot, sizes[(step / 4 % 3) as usize], step % 5 == 0);
            world.run(Duration::from_millis(350));
        }
        for slot in 0..4 {
            let verdict = assert_unbroken(&world, viewer, slot);
            let watched = &world.screen(viewer, slot).decoder.watched;
            assert!(watched.frames.len() >= 8, "slot {slot}: frames of {:?}", watched.frames);
            assert!(verdict.packets > 2000, "slot {slot}: {}", verdict.packets);
        }
        world.account();
    });
}

/// Viewers who ask without end make key frames a storm's share of the source's bytes at most; calm ones a small one.
#[test]
fn keyframes_stay_within_their_ration() {
    for (every, share, seconds) in [(Duration::from_millis(50), 0.16, 10), (SECOND * 15, 0.08, 30)] {
        let mut world = World::new();
        let (publisher, viewer) = call(&mut world, simulcast(Codec::Vp8, 1));
        let mut bytes = vec![(0, 0)];
        for second in 0..60 {
            let mut left = SECOND;
            while !left.is_zero() {
                let step = left.min(every);
                if second % 15 == 14 || every < SECOND {
                    world.assign(viewer, 0, None);
                    world.assign(viewer, 0, Some(1));
                }
                world.run(step);
                left -= step;
            }
            let encodings = &world.publisher_of(publisher).pictures[0].encodings;
            bytes.push(encodings.iter().fold((0, 0), |sum, one| (sum.0 + one.keyframe_bytes, sum.1 + one.bytes)));
        }
        let worst = bytes[5..].windows(seconds + 1).map(|window| {
            let (first, last) = (window[0], window[seconds]);
            (last.0 - first.0) as f64 / (last.1 - first.1) as f64
        });
        let worst = worst.fold(0.0, f64::max);
        assert!(worst <= share, "{worst:.3} of {seconds} s");
        world.account();
    }
}
