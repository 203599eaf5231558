//! Who is heard where many could speak, and what stays outside of that choice.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::voice_stats;
use sfu::command::Event;
use sfu::forward::voices::{LOUDEST, UNLEVELLED};
use sim::{Media, World};

const SECOND: Duration = Duration::from_secs(1);

/// As many speakers as tracks 1 and up, at these levels in −dBov, and a listener who has a slot for each.
fn room(world: &mut World, levels: &[Option<u8>]) -> (Vec<usize>, usize) {
    let mut publishers = Vec::new();
    for (track, level) in (1..).zip(levels) {
        let publisher = world.publish(vec![Media::Voice(track)]);
        world.publisher_mut(publisher).voices[0].level = *level;
        publishers.push(publisher);
    }
    let listener = world.watch(0, levels.len() as u32);
    for voice in 0..levels.len() as u32 {
        world.assign_voice(listener, voice, Some(u64::from(voice) + 1));
    }
    (publishers, listener)
}

/// The voices of which packets came in the last second.
fn heard(world: &mut World, listener: usize) -> Vec<u64> {
    let packets =
        |world: &World| world.viewer_of(listener).voices.iter().map(|voice| voice.packets).collect::<Vec<_>>();
    let before = packets(world);
    world.run(SECOND);
    let after = packets(world);
    (1..)
        .zip(before.iter().zip(&after))
        .filter(|(_, (before, after))| *after - *before > 40)
        .map(|(voice, _)| voice)
        .collect()
}

fn speaker(world: &World) -> Option<u64> {
    world.events.iter().rev().find_map(|event| match event {
        Event::Voices { speaker, .. } => Some(*speaker),
        _ => None,
    })?
}

/// Of nine voices the five loudest are sent; who begins to speak is heard with the first word, and what a listener gets of each voice
/// has no gap.
#[test]
fn the_loudest_are_heard() {
    let mut world = World::new();
    let levels: Vec<_> = (0..9).map(|index| Some(30 + 5 * index)).collect();
    let (publishers, listener) = room(&mut world, &levels);
    world.run(SECOND * 2);
    assert_eq!(heard(&mut world, listener), [1, 2, 3, 4, 5]);
    assert_eq!(speaker(&world), Some(1));
    world.publisher_mut(publishers[8]).voices[0].level = Some(15);
    world.run(Duration::from_millis(150));
    assert!(!voice_stats(&world, listener, 8).paused, "a new speaker waits for no word");
    world.run(SECOND);
    assert_eq!(heard(&mut world, listener), [1, 2, 3, 4, 9]);
    assert_eq!(speaker(&world), Some(9));
    for voice in &world.viewer_of(listener).voices {
        let verdict = voice.numbers.verdict();
        assert_eq!((verdict.gaps.len(), verdict.among.iter().map(|(.., missing)| missing).sum()), (0, 0));
        assert_eq!((verdict.between, verdict.reused, verdict.stepped_back), (0, 0, 0));
    }
    world.account();
}

/// Who joins a room of many and says nothing is not sent.
#[test]
fn a_quiet_newcomer_is_not_sent() {
    let mut world = World::new();
    let (_, listener) = room(&mut world, &[Some(30); LOUDEST]);
    world.run(SECOND * 2);
    let newcomer = world.publish(vec![Media::Voice(9)]);
    world.publisher_mut(newcomer).voices[0].level = Some(60);
    let extra = world.watch(0, 1);
    world.assign_voice(extra, 0, Some(9));
    world.run(SECOND);
    assert_eq!(heard(&mut world, extra), []);
    assert_eq!(heard(&mut world, listener).len(), LOUDEST);
}

/// The speaker is marked once for each turn, whatever short noises others make.
#[test]
fn the_speaker_does_not_flicker() {
    let mut world = World::new();
    let (publishers, _) = room(&mut world, &[Some(25), Some(70), Some(70)]);
    world.run(SECOND * 2);
    let before = world.events.len();
    for step in 0..20 {
        // A cough of a fifth of a second, each second, now of one and now of the other.
        let other = publishers[1 + step % 2];
        world.publisher_mut(other).voices[0].level = Some(15);
        world.run(SECOND / 5);
        world.publisher_mut(other).voices[0].level = Some(70);
        world.run(SECOND * 4 / 5);
    }
    assert_eq!(world.events.len(), before);
    assert_eq!(speaker(&world), Some(1));
    world.publisher_mut(publishers[0]).voices[0].level = Some(70);
    world.publisher_mut(publishers[2]).voices[0].level = Some(25);
    world.run(SECOND * 2);
    assert_eq!((speaker(&world), world.events.len()), (Some(3), before + 1));
}

/// Voices that tell no level are heard, three of them; nobody marks them.
#[test]
fn voices_without_levels_are_heard() {
    let mut world = World::new();
    let mut levels = vec![Some(30); LOUDEST + 1];
    levels.extend([None; UNLEVELLED + 1]);
    let (_, listener) = room(&mut world, &levels);
    world.run(SECOND * 2);
    let heard = heard(&mut world, listener);
    assert_eq!(heard.len(), LOUDEST + UNLEVELLED);
    assert_eq!(heard[LOUDEST..], [7, 8, 9], "those that came first");
}

/// A stethoscope and shared sound are in no group: always heard, never marked.
#[test]
fn what_is_no_voice_stays_outside() {
    let mut world = World::new();
    let levels = vec![Some(30); LOUDEST + 2];
    let (_, listener) = room(&mut world, &levels);
    let stethoscope = world.publish(vec![Media::Sound(20)]);
    world.publisher_mut(stethoscope).voices[0].level = Some(1);
    let extra = world.watch(0, 1);
    world.assign_voice(extra, 0, Some(20));
    world.run(SECOND * 3);
    assert_eq!(heard(&mut world, extra), [1]);
    assert_eq!(heard(&mut world, listener).len(), LOUDEST);
    assert!(speaker(&world).is_none_or(|track| track != 20));
    let told = |event: &Event| matches!(event, Event::Voices { loudest, .. } if loudest.contains(&20));
    assert!(!world.events.iter().any(told));
}
