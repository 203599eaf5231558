//! What a viewer is told of pictures that its link does not carry.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::slot_stats;
use sfu::command::Event;
use sim::camera::Layer;
use sim::estimator::Estimator;
use sim::world::Way;
use sim::{Camera, Conditions, Media, World, for_seeds};

const SECOND: Duration = Duration::from_secs(1);

/// A picture without smaller ones.
fn camera(bitrate_bps: u64) -> Camera {
    Camera { layers: vec![Layer { bitrate_bps, size: (640, 360) }], ..Camera::default() }
}

/// As many publishers as there are slots, and a viewer that shows each and has the last one pinned, which is of 120 kbit/s: less
/// than a link is ever taken to carry. The others are of 700.
fn call(world: &mut World, pictures: u32) -> usize {
    for track in 1..=u64::from(pictures) {
        let bitrate_bps = if track == u64::from(pictures) { 120_000 } else { 700_000 };
        world.publish(vec![Media::Camera(track, camera(bitrate_bps))]);
    }
    let viewer = world.watch(pictures, 0);
    world.viewer_mut(viewer).estimator = Some(Estimator::default());
    for slot in 0..pictures {
        world.assign(viewer, slot, Some(u64::from(slot) + 1));
        world.view(viewer, slot, (640, 360), slot + 1 == pictures);
    }
    viewer
}

fn line(world: &mut World, viewer: usize, rate_bps: Option<u64>) {
    let delay = Duration::from_millis(20);
    world.set(viewer, Way::Down, Conditions { rate_bps, delay, ..Conditions::default() });
}

/// All that a viewer was told, and forgets it.
fn told(world: &mut World, viewer: usize) -> Vec<Vec<u32>> {
    let conn = world.peers[viewer].conn;
    let events = world.events.drain(..);
    let paused = |event| match event {
        Event::Paused { conn: of, slots } if of == conn => Some(slots),
        _ => None,
    };
    events.filter_map(paused).collect()
}

/// A line that has room for one picture of two keeps the pinned one; the other is told as paused, seldom and truly, and as back
/// when the line has room again.
#[test]
fn a_narrow_line_pauses_what_matters_least_and_says_so() {
    for_seeds(2, |seed| {
        let mut world = World::seeded(seed);
        let viewer = call(&mut world, 2);
        world.run(SECOND * 5);
        assert!(told(&mut world, viewer).is_empty(), "nothing is paused on a line that is not full");
        line(&mut world, viewer, Some(700_000));
        world.run(SECOND * 10);
        assert_eq!(told(&mut world, viewer), [[0]]);
        let shown = |world: &World| [0, 1].map(|slot| world.screen(viewer, slot).decoder.watched.shown());
        let before = shown(&world);
        world.run(SECOND * 60);
        let (said, after) = (told(&mut world, viewer), shown(&world));
        let [least, pinned] = [0, 1].map(|slot| after[slot] - before[slot]);
        assert!(said.len() <= 8, "a minute on a narrow line was worth {} words: {said:?}", said.len());
        assert!(said.iter().all(|slots| slots.is_empty() || slots.contains(&0)), "the pinned one goes last: {said:?}");
        assert!(pinned > 3 * least, "{pinned} frames of the pinned one, {least} of the other");
        line(&mut world, viewer, None);
        world.run(SECOND * 40);
        assert!(!slot_stats(&world, viewer, 0).paused);
        let seen = world.screen(viewer, 0).decoder.watched.shown();
        world.run(SECOND * 2);
        assert!(world.screen(viewer, 0).decoder.watched.shown() > seen + 40);
        let said = told(&mut world, viewer);
        assert!(said.is_empty() || said.last() == Some(&vec![]), "{said:?}");
        assert_eq!([0, 1].map(|slot| world.screen(viewer, slot).decoder.watched.broken), [0, 0]);
        world.account();
    });
}

/// A tile that the viewer hid, a slot that was emptied and a camera that is off are not paused by the link, and not told.
#[test]
fn what_the_viewer_does_not_want_is_not_told() {
    let mut world = World::new();
    let viewer = call(&mut world, 4);
    line(&mut world, viewer, Some(700_000));
    world.run(SECOND * 20);
    assert_eq!(told(&mut world, viewer).last(), Some(&vec![0, 1, 2]));
    world.view(viewer, 0, (0, 0), false);
    world.assign(viewer, 1, None);
    let off = world.peers.iter().position(|peer| peer.conn == world.peers[2].conn).unwrap();
    world.publisher_mut(off).pictures[0].encodings[0].active = false;
    world.run(Duration::from_millis(500));
    assert_eq!(told(&mut world, viewer).last(), Some(&vec![2]), "at once");
    world.run(SECOND * 4);
    assert_eq!(told(&mut world, viewer).last(), Some(&vec![]));
}
