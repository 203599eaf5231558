//! Prints how many times faster than life the simulator is: one publisher, ten viewers, a minute.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this measures the real time that a run takes")]

use std::time::{Duration, Instant};

use sim::{Camera, Layer, Media, World};

const MINUTE: Duration = Duration::from_secs(60);

fn main() {
    let mut world = World::new();
    let camera = Camera { layers: vec![Layer { bitrate_bps: 2_000_000, size: (1280, 720) }], ..Camera::default() };
    world.publish(vec![Media::Camera(1, camera), Media::Voice(2)]);
    for _ in 0..10 {
        let viewer = world.watch(1, 1);
        world.assign(viewer, 0, Some(1));
        world.assign_voice(viewer, 0, Some(2));
    }
    let begun = Instant::now();
    world.run(MINUTE);
    let real = begun.elapsed();
    world.account();
    println!(
        "1 publisher (2 Mbit/s and a voice), 10 viewers: {:.0} s in {:.2} s, {:.0} times faster than life; {} packets out",
        MINUTE.as_secs_f64(),
        real.as_secs_f64(),
        MINUTE.as_secs_f64() / real.as_secs_f64(),
        world.node.counters.media_out,
    );
}
