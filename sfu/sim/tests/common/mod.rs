//! What several stories ask.
#![allow(
    dead_code,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "each story uses its part; a test fails by a panic"
)]

use sfu::stats::SlotStats;
use sim::World;
use sim::numbers::Verdict;

/// No gap that the uplink did not make, no number for two packets, no step back, nothing shown on a wrong belief.
pub fn assert_unbroken(world: &World, viewer: usize, slot: usize) -> Verdict {
    let screen = world.screen(viewer, slot);
    let verdict = screen.numbers.verdict();
    let ours: Vec<_> = verdict.gaps.iter().filter(|packet| !world.was_lost_up(**packet)).collect();
    assert!(ours.is_empty(), "slot {slot}: gaps of our making: {ours:?}");
    for (source, packets, missing) in &verdict.among {
        let lost = packets.clone().filter(|sequence| world.was_lost_up((*source, *sequence))).count();
        assert!(*missing <= lost, "slot {slot}: {missing} numbers free for {lost} of {packets:?} of {source}");
    }
    assert_eq!((verdict.between, verdict.reused, verdict.stepped_back, verdict.jumps), (0, 0, 0, 0), "slot {slot}");
    assert_eq!((screen.decoder.watched.broken, world.refused_by(viewer)), (0, 0), "slot {slot}: references, numbers");
    verdict
}

/// What the engine says of a viewer's slot.
pub fn slot_stats(world: &World, viewer: usize, slot: u32) -> SlotStats {
    let conn = world.peers[viewer].conn;
    let mut slots = world.node.snapshot(0).slots.into_iter();
    slots.find(|stats| (stats.conn, stats.slot) == (conn, slot)).unwrap()
}

/// What the engine says of a viewer's voice slot.
pub fn voice_stats(world: &World, viewer: usize, voice: u32) -> SlotStats {
    slot_stats(world, viewer, sim::VOICES + voice)
}
