//! Who is heard: the loudest voices of a room and its active speaker, by the levels that publishers send (RFC 6464).
//!
//! `layer.rs` notes levels, `node/upkeep.rs` asks twenty times a second and carries out what changed. Sound that is not a voice
//! (a stethoscope, shared sound) has no group and is always forwarded.

use std::time::{Duration, Instant};

use crate::command::TrackId;

/// Voices that are forwarded at once: more than that nobody follows, and each costs a viewer some 50 kbit/s.
pub const LOUDEST: usize = 5;
/// Voices without levels that are forwarded: their loudness is unknown.
pub const UNLEVELLED: usize = 3;
/// The quietest level, in −dBov. Source: RFC 6464 §3.
const SILENCE: f32 = 127.0;
/// A packet's share when it is louder than before: a word's beginning counts within 40 ms.
const ATTACK: f32 = 0.5;
/// … and when it is quieter: a pause between words does not count.
const RELEASE: f32 = 0.05;
/// A voice of which nothing came for so long is silent: browsers send every 400 ms in silence.
const STALE: Duration = Duration::from_secs(1);
/// Above −50 dBov somebody speaks; a quiet room is at −60 or less.
const SPEECH: f32 = SILENCE - 50.0;
/// By so much a voice must be louder to take another's place: half as loud again to the ear.
const MARGIN: f32 = 6.0;
/// For so long it must lead before it is the speaker: a cough is shorter.
const LEADS: Duration = Duration::from_millis(400);

/// How loud a voice is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Level {
    loudness: f32,
    heard: Option<Instant>,
}

impl Level {
    /// A packet came with the extension's byte: its lower seven bits are −dBov.
    pub fn on_packet(&mut self, byte: u8, now: Instant) {
        let loudness = SILENCE - f32::from(byte & 0x7F);
        let share = if loudness > self.loudness { ATTACK } else { RELEASE };
        self.loudness += (loudness - self.loudness) * share;
        self.heard = Some(now);
    }

    /// 0 (silence) to 127; none where levels do not come.
    pub fn loudness(&self, now: Instant) -> Option<f32> {
        let heard = self.heard?;
        Some(if now.duration_since(heard) > STALE { 0.0 } else { self.loudness })
    }
}

/// A voice of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// Its track.
    pub track: TrackId,
    /// How loud it is; none where levels do not come.
    pub loudness: Option<f32>,
}

/// A room's voices.
#[derive(Debug, Default)]
pub struct Group {
    /// Those that are forwarded, the loudest first, those without levels last.
    pub forwarded: Vec<TrackId>,
    /// The active speaker.
    pub speaker: Option<TrackId>,
    challenger: Option<(TrackId, Instant)>,
}

impl Group {
    /// Looks at all voices of the group. True when the forwarded ones or the speaker changed; an order that alone changed is none.
    pub fn update(&mut self, voices: &[Voice], now: Instant) -> bool {
        let before = (members(&self.forwarded), self.speaker);
        self.seat(voices);
        self.follow(voices, now);
        (members(&self.forwarded), self.speaker) != before
    }

    fn seat(&mut self, voices: &[Voice]) {
        let loudness =
            |track: &TrackId| voices.iter().find(|voice| voice.track == *track).and_then(|voice| voice.loudness);
        let mut seated: Vec<TrackId> =
            self.forwarded.iter().copied().filter(|track| loudness(track).is_some()).collect();
        let mut others: Vec<TrackId> = voices
            .iter()
            .filter(|voice| voice.loudness.is_some() && !seated.contains(&voice.track))
            .map(|voice| voice.track)
            .collect();
        let louder = |a: &TrackId, b: &TrackId| loudness(b).unwrap_or(0.0).total_cmp(&loudness(a).unwrap_or(0.0));
        others.sort_by(louder);
        for other in others {
            seated.sort_by(louder);
            if seated.len() < LOUDEST {
                seated.push(other);
            } else if let Some(quietest) = seated.last_mut() {
                let level = loudness(&other).unwrap_or(0.0);
                if level >= SPEECH && level > loudness(quietest).unwrap_or(0.0) + MARGIN {
                    *quietest = other;
                }
            }
        }
        seated.sort_by(louder);
        let mut unlevelled: Vec<TrackId> =
            voices.iter().filter(|voice| voice.loudness.is_none()).map(|voice| voice.track).collect();
        unlevelled.sort_unstable(); // those that came first stay
        seated.extend(unlevelled.into_iter().take(UNLEVELLED));
        self.forwarded = seated;
    }

    /// The speaker changes when another voice has led for long enough.
    fn follow(&mut self, voices: &[Voice], now: Instant) {
        let find = |track: TrackId| voices.iter().find(|voice| voice.track == track);
        let present = self.speaker.and_then(find);
        self.speaker = present.map(|voice| voice.track);
        let level = present.and_then(|voice| voice.loudness).unwrap_or(0.0);
        let loudest = voices
            .iter()
            .filter_map(|voice| Some((voice.track, voice.loudness?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(track, loudness)| Some(*track) != self.speaker && *loudness >= SPEECH.max(level + MARGIN));
        let Some((track, _)) = loudest else {
            self.challenger = None;
            return;
        };
        match self.challenger {
            Some((challenger, since)) if challenger == track => {
                if now.duration_since(since) >= LEADS {
                    (self.speaker, self.challenger) = (Some(track), None);
                }
            }
            _ => self.challenger = Some((track, now)),
        }
    }
}

fn members(tracks: &[TrackId]) -> Vec<TrackId> {
    let mut sorted = tracks.to_vec();
    sorted.sort_unstable();
    sorted
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(50);

    fn voices(levels: &[(TrackId, f32)]) -> Vec<Voice> {
        levels.iter().map(|(track, loudness)| Voice { track: *track, loudness: Some(*loudness) }).collect()
    }

    /// Looks for as long; returns how often something changed.
    fn listen(group: &mut Group, now: &mut Instant, voices: &[Voice], time: Duration) -> usize {
        let ticks = time.as_millis() / TICK.as_millis();
        (0..ticks)
            .filter(|_| {
                *now += TICK;
                group.update(voices, *now)
            })
            .count()
    }

    #[test]
    fn a_level_rises_within_a_word_and_falls_over_a_pause() {
        let now = Instant::now();
        let mut level = Level::default();
        assert_eq!(level.loudness(now), None);
        (0..5).for_each(|_| level.on_packet(30, now));
        let loud = level.loudness(now).unwrap();
        assert!(loud > 90.0, "{loud}");
        (0..5).for_each(|_| level.on_packet(127, now));
        assert!(level.loudness(now).unwrap() > 70.0, "a pause of 100 ms is none");
        (0..60).for_each(|_| level.on_packet(127, now));
        assert!(level.loudness(now).unwrap() < SPEECH);
        assert_eq!(level.loudness(now + STALE * 2), Some(0.0));
    }

    #[test]
    fn the_speaker_changes_once_and_not_for_a_cough() {
        let (mut group, mut now) = (Group::default(), Instant::now());
        let quiet = voices(&[(1, 30.0), (2, 30.0)]);
        listen(&mut group, &mut now, &quiet, Duration::from_secs(1));
        assert_eq!(group.speaker, None, "nobody speaks");
        listen(&mut group, &mut now, &voices(&[(1, 95.0), (2, 30.0)]), Duration::from_secs(1));
        assert_eq!(group.speaker, Some(1));
        let cough = voices(&[(1, 60.0), (2, 100.0)]);
        assert_eq!(listen(&mut group, &mut now, &cough, Duration::from_millis(300)), 0);
        listen(&mut group, &mut now, &voices(&[(1, 95.0), (2, 30.0)]), Duration::from_secs(1));
        assert_eq!(group.speaker, Some(1));
        let both = voices(&[(1, 95.0), (2, 98.0)]);
        assert_eq!(listen(&mut group, &mut now, &both, Duration::from_secs(5)), 0, "two at once: the first keeps it");
        assert_eq!(listen(&mut group, &mut now, &voices(&[(1, 40.0), (2, 95.0)]), Duration::from_secs(1)), 1);
        assert_eq!(group.speaker, Some(2));
        listen(&mut group, &mut now, &quiet, Duration::from_secs(5));
        assert_eq!(group.speaker, Some(2), "who spoke last stays marked");
        listen(&mut group, &mut now, &voices(&[(1, 30.0)]), TICK);
        assert_eq!(group.speaker, None, "who left does not");
    }

    #[test]
    fn the_loudest_are_forwarded_and_a_new_voice_is_in_with_its_first_word() {
        let (mut group, mut now) = (Group::default(), Instant::now());
        let mut levels: Vec<(TrackId, f32)> = (1..=8).map(|track| (track, 90.0 - track as f32)).collect();
        listen(&mut group, &mut now, &voices(&levels), Duration::from_secs(1));
        assert_eq!(group.forwarded, [1, 2, 3, 4, 5]);
        levels[7].1 = 88.0;
        assert_eq!(listen(&mut group, &mut now, &voices(&levels), Duration::from_secs(5)), 0, "3 dB are no reason");
        levels[4].1 = 20.0;
        listen(&mut group, &mut now, &voices(&levels), TICK);
        assert_eq!(group.forwarded, [1, 2, 8, 3, 4]);
    }

    #[test]
    fn voices_without_levels_are_forwarded_three_at_most() {
        let (mut group, mut now) = (Group::default(), Instant::now());
        let mut all = voices(&(1..=6).map(|track| (track, 50.0)).collect::<Vec<_>>());
        all.extend((7..=10).map(|track| Voice { track, loudness: None }));
        listen(&mut group, &mut now, &all, TICK);
        assert_eq!(group.forwarded.len(), LOUDEST + UNLEVELLED);
        assert!([7, 8, 9].iter().all(|track| group.forwarded.contains(track)));
    }
}
