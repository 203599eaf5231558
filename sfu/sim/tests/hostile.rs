//! Garbage beside a call.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::net::SocketAddr;
use std::time::Duration;

use sfu::drops::DropReason;
use sim::{Camera, Media, World, for_seeds};

/// Garbage datagrams a second.
const RATE: u64 = 10_000;
/// For how long.
const SECONDS: u64 = 3;

/// Throws a datagram of any length, first byte and sender at the node, and comes again until it was `left` times.
fn throw(world: &mut World, mut random: fastrand::Rng, left: u64) {
    let mut datagram: Vec<u8> = (0..random.usize(1..200)).map(|_| random.u8(..)).collect();
    let from = match random.u8(..4) {
        0 => world.peers[0].address,
        1 => world.peers[1].address,
        _ => SocketAddr::from(([192, 0, 2, random.u8(..)], random.u16(1..))),
    };
    world.deliver(from, &mut datagram);
    if left > 1 {
        world.after(Duration::from_secs(1) / RATE as u32, move |world| throw(world, random, left - 1));
    }
}

/// Ten thousand garbage datagrams a second, from strangers and from the peers' own addresses, are all counted by reason, none is
/// answered, and the call beside them loses and delays nothing.
#[test]
fn a_burst_of_garbage_is_counted_and_harms_nobody() {
    for_seeds(2, |seed| {
        let mut world = World::seeded(seed);
        let publisher = world.publish(vec![Media::Camera(1, Camera::default()), Media::Voice(2)]);
        let viewer = world.watch(1, 1);
        world.assign(viewer, 0, Some(1));
        world.assign_voice(viewer, 0, Some(2));
        world.run(Duration::from_secs(1));
        let dropped = |world: &World| DropReason::ALL.iter().map(|reason| world.node.drops.get(*reason)).sum::<u64>();
        let (before, answered) = (dropped(&world), world.node.counters.stun_answered);
        let random = fastrand::Rng::with_seed(seed);
        world.after(Duration::ZERO, move |world| throw(world, random, RATE * SECONDS));
        world.run(Duration::from_secs(SECONDS + 1));
        assert_eq!(dropped(&world) - before, RATE * SECONDS);
        assert_eq!(world.node.counters.stun_answered, answered);
        let watched = &world.screen(viewer, 0).decoder.watched;
        let captured = world.publisher_of(publisher).pictures[0].encodings[0].encoder.frames;
        assert!(watched.shown() + 2 >= captured, "{} of {captured}", watched.shown());
        assert_eq!((watched.freezes, watched.broken), (0, 0));
        assert!(watched.delay(1.0) < Duration::from_millis(20), "{:?}", watched.delay(1.0));
        let voice = &world.viewer_of(viewer).voices[0];
        assert!(voice.numbers.verdict().gaps.is_empty() && voice.delay_max < Duration::from_millis(1));
        world.account();
    });
}
