//! A decoder model: packets become frames, frames are shown when what they need was shown, and the picture freezes when not.
//!
//! `viewer.rs` brings packets in any order. The model believes the numbers that a browser's decoder believes (sequence, marker,
//! picture id, TL0PICIDX) and then compares with the stamp's truth: a frame that was shown on a wrong belief is a broken reference.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::payload::{NONE, Picture, Stamp};

/// Frame distances that a freeze is measured against. Source: W3C webrtc-stats, `freezeCount`.
const FREEZE_WINDOW: usize = 30;
/// A freeze is at least so much longer than the mean distance. Source: the same.
const FREEZE_MARGIN: Duration = Duration::from_millis(150);
/// Frames that may be remembered as shown: more than a reference reaches back.
const SHOWN: usize = 64;

/// A packet of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Extended sequence number as received.
    pub sequence: u64,
    /// RTP timestamp as received.
    pub timestamp: u32,
    /// The frame's last packet.
    pub marker: bool,
    /// What the descriptor says.
    pub picture: Picture,
    /// The truth.
    pub stamp: Stamp,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    last: u64,
    timestamp: u32,
    picture: Picture,
    stamp: Stamp,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    last: u64,
    picture: Option<u16>,
    /// None of a source without layers: its frames are followed by picture ids, or by packets where there are none.
    tl0: Option<u8>,
    timestamp: u32,
    source: u64,
    captured_us: u64,
    at: Instant,
}

/// What a viewer saw in one slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// Frames shown, by source.
    pub frames: BTreeMap<u64, u64>,
    /// Key frames among them.
    pub keyframes: u64,
    /// Freezes, by the W3C's rule.
    pub freezes: u64,
    /// The longest distance between two frames.
    pub longest: Duration,
    /// Frames shown although what they truly need was not.
    pub broken: u64,
    /// The most that timestamps and captures of two frames of one source, shown one after the other, differ by.
    pub drift: Duration,
    /// Capture to complete frame, in microseconds, of every frame shown.
    pub delays_us: Vec<u64>,
}

impl Watched {
    /// Frames shown of all sources.
    pub fn shown(&self) -> u64 {
        self.frames.values().sum()
    }

    /// The delay that `share` (0 to 1) of the frames did not exceed.
    pub fn delay(&self, share: f64) -> Duration {
        let mut sorted = self.delays_us.clone();
        sorted.sort_unstable();
        let index = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
        Duration::from_micros(sorted.get(index).copied().unwrap_or(0))
    }
}

/// The decoder of one slot.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What was seen.
    pub watched: Watched,
    parts: BTreeMap<u64, Part>,
    frames: BTreeMap<u64, Frame>,
    shown: Option<Shown>,
    truth: VecDeque<(u64, u32)>,
    distances: VecDeque<Duration>,
    stalled: Option<Instant>,
}

impl Decoder {
    /// Takes a packet; `run` is the time since the run began.
    pub fn on_part(&mut self, part: Part, now: Instant, run: Duration) {
        if self.shown.is_some_and(|shown| part.sequence <= shown.last) {
            return;
        }
        self.parts.insert(part.sequence, part);
        self.assemble(part.sequence);
        while let Some(first) = self.next() {
            self.show(first, now, run);
        }
        let waits = !(self.parts.is_empty() && self.frames.is_empty());
        self.stalled = if waits { self.stalled.or(Some(now)) } else { None };
    }

    /// Since when there is something that cannot be shown.
    pub fn stalled(&self) -> Option<Instant> {
        self.stalled
    }

    /// Makes a frame of the packets around `sequence`, if all are there.
    fn assemble(&mut self, sequence: u64) {
        let Some(timestamp) = self.parts.get(&sequence).map(|part| part.timestamp) else { return };
        let here = |number: &u64| self.parts.get(number).filter(|part| part.timestamp == timestamp);
        let mut first = sequence;
        while here(&first).is_some_and(|part| !part.picture.start) {
            first -= 1;
        }
        let mut last = sequence;
        while here(&last).is_some_and(|part| !part.marker) {
            last += 1;
        }
        let (Some(start), Some(_)) = (here(&first), here(&last)) else { return };
        let frame = Frame { last, timestamp, picture: start.picture, stamp: start.stamp };
        self.parts.retain(|number, _| !(first..=last).contains(number));
        self.frames.insert(first, frame);
    }

    /// The earliest complete frame whose reference was shown.
    fn next(&self) -> Option<u64> {
        self.frames.iter().find(|(first, frame)| self.is_due(**first, &frame.picture)).map(|(first, _)| *first)
    }

    fn is_due(&self, first: u64, picture: &Picture) -> bool {
        let Some(shown) = self.shown else { return picture.key };
        let next = |id: u16| shown.picture.is_some_and(|picture| id == picture.wrapping_add(1) & 0x7FFF);
        picture.key
            || match picture.layer {
                None => picture.id.map_or(first == shown.last + 1, next),
                Some((tl0, 0)) => shown.tl0.is_some_and(|before| tl0 == before.wrapping_add(1)),
                Some((tl0, _)) => shown.tl0 == Some(tl0),
            }
    }

    fn show(&mut self, first: u64, now: Instant, run: Duration) {
        let Some(frame) = self.frames.remove(&first) else { return };
        self.judge(&frame);
        self.measure(&frame, now, run);
        let tl0 = frame.picture.layer.map(|(tl0, _)| tl0);
        self.shown = Some(Shown {
            last: frame.last,
            picture: frame.picture.id,
            tl0,
            timestamp: frame.timestamp,
            source: frame.stamp.source,
            captured_us: frame.stamp.captured_us,
            at: now,
        });
        self.stalled = None;
        self.parts.retain(|number, _| *number > frame.last);
        self.frames.retain(|number, _| *number > frame.last);
    }

    fn judge(&mut self, frame: &Frame) {
        let stamp = &frame.stamp;
        if stamp.reference == NONE {
            self.truth.clear();
        } else if !self.truth.contains(&(stamp.source, stamp.reference)) {
            self.watched.broken += 1;
        }
        self.watched.broken += u64::from(frame.picture.key != (stamp.reference == NONE));
        self.truth.push_back((stamp.source, stamp.frame));
        if self.truth.len() > SHOWN {
            self.truth.pop_front();
        }
    }

    fn measure(&mut self, frame: &Frame, now: Instant, run: Duration) {
        let watched = &mut self.watched;
        *watched.frames.entry(frame.stamp.source).or_default() += 1;
        watched.keyframes += u64::from(frame.picture.key);
        watched.delays_us.push((run.as_micros() as u64).saturating_sub(frame.stamp.captured_us));
        let Some(shown) = self.shown else { return };
        let distance = now.duration_since(shown.at);
        if shown.source == frame.stamp.source {
            let units = i64::from(frame.timestamp.wrapping_sub(shown.timestamp) as i32);
            let captured = frame.stamp.captured_us as i64 - shown.captured_us as i64;
            let drift = Duration::from_micros((units * 1_000_000 / 90_000 - captured).unsigned_abs());
            watched.drift = watched.drift.max(drift);
        }
        watched.longest = watched.longest.max(distance);
        if let Some(mean) = self.distances.iter().sum::<Duration>().checked_div(self.distances.len() as u32) {
            watched.freezes += u64::from(distance >= (3 * mean).max(mean + FREEZE_MARGIN));
        }
        self.distances.push_back(distance);
        if self.distances.len() > FREEZE_WINDOW {
            self.distances.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::epoch;

    fn part(sequence: u64, frame: u32, key: bool, layer: Option<(u8, u8)>) -> Part {
        let reference = if key { NONE } else { frame - 1 };
        let picture = Picture { start: true, key, id: Some(frame as u16), layer };
        let stamp = Stamp { source: 1, frame, reference, captured_us: 0, sequence };
        Part { sequence, timestamp: frame * 3000, marker: true, picture, stamp }
    }

    fn play(parts: &[Part]) -> Watched {
        let (mut decoder, start) = (Decoder::default(), epoch());
        for (step, part) in parts.iter().enumerate() {
            let run = Duration::from_millis(33 * step as u64);
            decoder.on_part(*part, start + run, run);
        }
        decoder.watched
    }

    /// A delta frame waits for its predecessor, a later key frame for nothing, and the gap before it is a freeze.
    #[test]
    fn a_frame_waits_for_what_it_needs() {
        let repaired = play(&[part(1, 1, true, None), part(3, 3, false, None), part(2, 2, false, None)]);
        assert_eq!((repaired.shown(), repaired.broken), (3, 0));
        let mut parts: Vec<Part> = (1..20).map(|n| part(n, n as u32, n == 1, None)).collect();
        parts.extend((21..40).map(|n| part(n, n as u32, n == 35, None)));
        let frozen = play(&parts);
        assert_eq!((frozen.shown(), frozen.keyframes, frozen.freezes, frozen.broken), (24, 2, 1, 0));
    }

    /// A missing frame of an upper layer holds up nothing; a missing one of the base layer does.
    #[test]
    fn only_the_base_layer_holds_up() {
        let base = |sequence, tl0| {
            let mut part = part(sequence, 2 * u32::from(tl0), tl0 == 1, Some((tl0, 0)));
            part.stamp.reference = if tl0 == 1 { NONE } else { 2 * u32::from(tl0) - 2 };
            part
        };
        assert_eq!(play(&[base(1, 1), base(3, 2), base(5, 3)]).shown(), 3);
        assert_eq!(play(&[base(1, 1), base(5, 3)]).shown(), 1);
    }

    /// Numbers that claim an unbroken stream where a frame is missing are found out.
    #[test]
    fn a_false_claim_is_a_broken_reference() {
        let mut liar = part(2, 3, false, None);
        liar.picture.id = Some(2);
        assert_eq!(play(&[part(1, 1, true, None), liar]).broken, 1);
    }
}
