//! Anything at any time: no order of assignments, losses and reorderings may break a viewer's stream or leave it dark.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use sim::world::Way;
use sim::{Camera, Conditions, Media, World, for_seeds};

const SOURCES: u64 = 6;
const SLOTS: u32 = 3;

/// A bad line: it loses, delays and reorders.
fn bad(random: &mut fastrand::Rng) -> Conditions {
    Conditions {
        loss: 0.08 * random.f64(), // more would narrow what the engine sends, which is another story
        delay: Duration::from_millis(random.u64(0..80)),
        jitter: Duration::from_millis(random.u64(0..40)),
        reorders: true,
        ..Conditions::default()
    }
}

/// Six publishers with cameras of all kinds, and two viewers, all on lines of their own badness.
fn crowd(world: &mut World, random: &mut fastrand::Rng) -> Vec<usize> {
    let camera = |track: u64| Camera { temporal_layers: 1 + track as usize % 3, fps: 15, ..Camera::default() };
    for track in 1..=SOURCES {
        world.publish(vec![Media::Camera(track, camera(track))]);
    }
    let viewers = vec![world.watch(SLOTS, 0), world.watch(SLOTS, 0)];
    for peer in 0..world.peers.len() {
        world.set(peer, Way::Up, bad(random));
        world.set(peer, Way::Down, bad(random));
    }
    viewers
}

/// Slots are filled, emptied and filled again at any time over bad lines: no number is used twice, no timestamp or picture id steps wrongly, no frame
/// is shown on a wrong belief; and when the lines are good again, each slot shows what was put into it last.
#[test]
fn nothing_breaks_a_stream_or_leaves_it_dark() {
    for_seeds(5, |seed| {
        let (mut world, mut random) = (World::seeded(seed), fastrand::Rng::with_seed(seed));
        let viewers = crowd(&mut world, &mut random);
        for _ in 0..150 {
            let track = Some(random.u64(0..=SOURCES)).filter(|track| *track > 0);
            world.assign(viewers[random.usize(..2)], random.u32(..SLOTS), track);
            world.run(Duration::from_millis(random.u64(1..300)));
        }
        for peer in 0..world.peers.len() {
            world.set(peer, Way::Up, Conditions::default());
            world.set(peer, Way::Down, Conditions::default());
        }
        for viewer in viewers {
            (0..SLOTS).for_each(|slot| world.assign(viewer, slot, Some(1 + u64::from(slot))));
            // Key frames were asked for without end, and lines lost more than they do now: both are made up for in time.
            world.run(Duration::from_secs(90));
            let before: Vec<_> = (0..SLOTS as usize).map(|slot| shown(&world, viewer, slot)).collect();
            world.run(Duration::from_secs(2));
            for (slot, before) in before.into_iter().enumerate() {
                let frames = shown(&world, viewer, slot) - before;
                assert!((28..=31).contains(&frames), "slot {slot} shows {frames} frames of 30");
                let (verdict, watched) =
                    (world.screen(viewer, slot).numbers.verdict(), &world.screen(viewer, slot).decoder.watched);
                assert_eq!(
                    (verdict.reused, verdict.stepped_back, verdict.jumps, watched.broken),
                    (0, 0, 0, 0),
                    "slot {slot}"
                );
            }
        }
        world.account();
    });
}

fn shown(world: &World, viewer: usize, slot: usize) -> u64 {
    world.screen(viewer, slot).decoder.watched.frames.get(&(1 + slot as u64)).copied().unwrap_or(0)
}
