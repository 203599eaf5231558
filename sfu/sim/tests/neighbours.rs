//! One viewer's trouble, and a crowd that comes at once.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use sim::world::Way;
use sim::{Camera, Conditions, Media, World, for_seeds};

const CALL: Duration = Duration::from_secs(30);

/// A publisher and four viewers on good lines.
fn call(seed: u64) -> (World, usize, Vec<usize>) {
    let mut world = World::seeded(seed);
    let publisher = world.publish(vec![Media::Camera(1, Camera::default()), Media::Voice(2)]);
    let viewers = (0..4).map(|_| viewer(&mut world)).collect();
    (world, publisher, viewers)
}

fn viewer(world: &mut World) -> usize {
    let viewer = world.watch(1, 1);
    for way in [Way::Up, Way::Down] {
        world.set(viewer, way, Conditions { delay: Duration::from_millis(20), ..Conditions::default() });
    }
    world.assign(viewer, 0, Some(1));
    world.assign_voice(viewer, 0, Some(2));
    viewer
}

/// A viewer joins whose line carries 0.5 Mbit/s and loses 20 %; it tells what it takes its line for.
fn join_on_a_bad_line(world: &mut World) -> usize {
    let bad = viewer(world);
    let delay = Duration::from_millis(40);
    let line = Conditions { rate_bps: Some(500_000), loss: 0.2, delay, ..Conditions::default() };
    world.set(bad, Way::Down, line);
    world.viewer_mut(bad).remb_bps = Some(400_000);
    bad
}

/// A viewer on a bad line harms nobody else's frames or voices.
#[test]
fn a_bad_line_harms_nobody_else() {
    for_seeds(3, |seed| {
        let (mut world, publisher, viewers) = call(seed);
        world.run(Duration::from_secs(1));
        let bad = join_on_a_bad_line(&mut world);
        world.run(CALL);
        let captured = world.publisher_of(publisher).pictures[0].encodings[0].encoder.frames;
        for viewer in viewers {
            let watched = &world.screen(viewer, 0).decoder.watched;
            // Some were captured before it watched.
            assert!(watched.shown() + 15 > captured, "{} of {captured} frames", watched.shown());
            assert!(watched.longest < Duration::from_millis(70), "{:?}", watched.longest);
            assert_eq!((watched.freezes, watched.broken), (0, 0));
            assert!(watched.delay(1.0) < Duration::from_millis(60), "{:?}", watched.delay(1.0));
            let voice = &world.viewer_of(viewer).voices[0];
            assert!(voice.numbers.verdict().gaps.is_empty() && voice.delay_max < Duration::from_millis(25));
        }
        let line = world.peers[bad].down.stats;
        assert!(line.dropped < line.offered / 2, "the bad line is not flooded for long: {line:?}");
        let voice = &world.viewer_of(bad).voices[0];
        assert!(voice.packets > 1100, "{} of 1,500 packets of the voice, on a line that loses a fifth", voice.packets);
        let conn = world.peers[bad].conn;
        let told = world.node.snapshot(0).connections.into_iter().find(|stats| stats.conn == conn).unwrap().remb_bps;
        assert!(told.is_some_and(|bps| (399_000..=400_000).contains(&bps)), "{told:?}");
        world.account();
    });
}

/// However often a viewer on a bad line asks, its publisher is asked for a key frame once a second at most.
#[test]
fn a_bad_line_does_not_fill_the_uplink_with_keyframes() {
    let (mut world, publisher, _) = call(1);
    world.run(Duration::from_secs(1));
    let before = world.publisher_of(publisher).pictures[0].keyframes_asked;
    join_on_a_bad_line(&mut world);
    world.run(CALL);
    let asked = world.publisher_of(publisher).pictures[0].keyframes_asked - before;
    assert!(asked <= 31, "{asked} in 30 s");
    world.account();
}

/// A line that drops nearly everything is not sent more repairs than media.
#[test]
fn a_bad_line_is_not_flooded_with_repairs() {
    let (mut world, _, _) = call(1);
    join_on_a_bad_line(&mut world);
    world.run(CALL);
    let media: u64 = world.node.counters.media_out / 5;
    let repairs = world.node.counters.repairs_out;
    assert!(repairs <= media, "{repairs} repairs, {media} packets of media for each viewer");
    world.account();
}

/// Fifty viewers join one publisher within a second: requests for key frames are coalesced, and each viewer has a picture soon.
#[test]
fn a_storm_of_joins_asks_the_publisher_for_few_keyframes() {
    for_seeds(2, |seed| {
        let mut world = World::seeded(seed);
        let publisher = world.publish(vec![Media::Camera(1, Camera::default())]);
        let viewers: Vec<usize> = (0..50).map(|_| world.watch(1, 0)).collect();
        let before = world.publisher_of(publisher).pictures[0].keyframes_asked;
        for (index, viewer) in viewers.clone().into_iter().enumerate() {
            let at = Duration::from_millis(20 * index as u64);
            world.after(at, move |world| world.assign(viewer, 0, Some(1)));
        }
        world.run(Duration::from_secs(4));
        let asked = world.publisher_of(publisher).pictures[0].keyframes_asked - before;
        assert!((1..=5).contains(&asked), "{asked} requests: a few are free, then one a second");
        for viewer in viewers {
            let watched = &world.screen(viewer, 0).decoder.watched;
            // The last joins after a second, and waits until a key frame more keeps the storm's share.
            assert!(watched.shown() > 28, "{}", watched.shown());
            assert_eq!((watched.freezes, watched.broken), (0, 0));
        }
        world.account();
    });
}

/// A line that becomes narrow and wide again carries what it can at each time.
#[test]
fn a_line_changes_while_it_is_watched() {
    for_seeds(2, |seed| {
        let (mut world, _, viewers) = call(seed);
        let narrow = Conditions { rate_bps: Some(600_000), ..Conditions::default() };
        let viewer = viewers[0];
        world.after(Duration::from_secs(10), move |world| world.set(viewer, Way::Down, narrow));
        world.after(Duration::from_secs(20), move |world| world.set(viewer, Way::Down, Conditions::default()));
        world.run(Duration::from_secs(10));
        let wide = world.screen(viewer, 0).decoder.watched.clone();
        world.run(Duration::from_secs(10));
        let squeezed = world.screen(viewer, 0).decoder.watched.clone();
        world.run(Duration::from_secs(10));
        let again = &world.screen(viewer, 0).decoder.watched;
        let (narrow, after) = (squeezed.shown() - wide.shown(), again.shown() - squeezed.shown());
        assert!(narrow < 200 && after > 200, "{narrow}, then {after}");
        // A freeze is counted when it ends.
        assert!(wide.freezes == 0 && again.freezes > 0, "{} {}", wide.freezes, again.freezes);
        world.account();
    });
}
