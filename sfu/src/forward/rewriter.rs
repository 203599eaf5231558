//! Numbers of what leaves a slot: one unbroken stream, whatever sources and layers it is made of.
//!
//! A layer's time in a slot is a *stretch*. Within one, outgoing numbers follow incoming ones: what we skipped is closed up,
//! what the uplink lost stays a gap that can still be filled. Numbers are written when the pacer lets a packet go, so that
//! what was dropped while it waited leaves no gap.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::skips::{Skips, Window};
use super::store::Meta;

/// Timestamps step by one frame at least from one source to the next: 1/30 s.
const FRAME: Duration = Duration::from_millis(33);
/// However long a slot was empty, its timestamps step by no more: half of their range would look like a step back.
const STEP_MAX: Duration = Duration::from_secs(10);
/// Picture ids have 15 bits.
const PICTURE_IDS: u16 = 0x7FFF;
/// Stretches that may wait behind one another: layers switch faster than the pacer empties only where it is stuck.
const STRETCHES: usize = 4;
/// Words of the windows over sequence numbers: as many numbers as a store holds packets.
const PACKETS: usize = 16;
/// Words of the window over pictures: 256 are 8 s.
const PICTURES: usize = 4;

/// The numbers of a packet that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Extended sequence number.
    pub sequence: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// VP8 picture id.
    pub picture_id: u16,
    /// VP8 TL0PICIDX.
    pub tl0_index: u8,
}

/// Where a stretch's packets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The track's key in the node.
    pub track: usize,
    /// The layer's index in the track.
    pub layer: usize,
}

#[derive(Debug)]
struct Stretch {
    id: u32,
    source: Source,
    first_in: u64,
    skipped: Skips<PACKETS>,
    skipped_pictures: Skips<PICTURES>,
    begun: Option<Begun>,
}

/// What incoming and outgoing numbers of a stretch differ by, beside what was skipped.
#[derive(Debug, Clone, Copy)]
struct Begun {
    first_out: u64,
    timestamp: u32,
    picture: u64,
    tl0: u8,
}

/// Rewrites numbers so that a receiver sees one stream.
#[derive(Debug)]
pub struct Rewriter {
    /// The first one is leaving, or the one before it has left; the others wait in the pacer behind it.
    stretches: VecDeque<Stretch>,
    next_id: u32,
    newest: u64,
    newest_picture: Option<u64>,
    newest_tl0: Option<u8>,
    newest_timestamp: Option<(u32, Instant)>,
    /// Which packets of the first stretch left.
    gone: Window<PACKETS>,
}

impl Rewriter {
    /// A stream whose first packet gets the sequence number `first`.
    pub fn new(first: u16) -> Self {
        Self {
            stretches: VecDeque::with_capacity(STRETCHES),
            next_id: 0,
            newest: (1 << 16) + u64::from(first) - 1,
            newest_picture: None,
            newest_tl0: None,
            newest_timestamp: None,
            gone: Window::default(),
        }
    }

    /// A source's packets are queued from `first_in` on. Returns the stretch's id, which their references carry.
    pub fn open(&mut self, source: Source, first_in: u64) -> u32 {
        if self.stretches.len() == STRETCHES {
            // The newest of those that wait gives way: its references lead nowhere now.
            self.stretches.pop_back();
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let (skipped, skipped_pictures) = (Skips::default(), Skips::default());
        self.stretches.push_back(Stretch { id, source, first_in, skipped, skipped_pictures, begun: None });
        id
    }

    /// The source is gone: what still waits leads nowhere.
    pub fn end(&mut self) {
        self.stretches.clear();
        self.gone = Window::default();
    }

    /// Leaves a packet of the newest stretch out for good, and its picture. False when numbers behind it have left
    /// already: then its own must be filled.
    pub fn skip(&mut self, meta: &Meta) -> bool {
        let newest_left = if self.stretches.len() == 1 { self.gone.newest() } else { 0 };
        let newest_picture = self.newest_picture;
        let Some(stretch) = self.stretches.back_mut() else { return false };
        if meta.sequence <= newest_left {
            return false;
        }
        stretch.skipped.skip(meta.sequence);
        if let Some(picture) = meta.picture {
            let left = stretch.begun.is_some()
                && newest_picture.is_some_and(|newest| stretch.picture(picture) <= Some(newest));
            if !left {
                stretch.skipped_pictures.skip(picture);
            }
        }
        true
    }

    /// Where packets of a stretch come from.
    pub fn source(&self, stretch: u32) -> Option<Source> {
        Some(self.stretches.iter().find(|other| other.id == stretch)?.source)
    }

    /// Where a packet that leaves now would begin a stretch: the source that has left until now, if there is one.
    pub fn begins_after(&self, stretch: u32) -> Option<Source> {
        let index = self.stretches.iter().position(|other| other.id == stretch && other.begun.is_none())?;
        self.stretches.front().filter(|_| index > 0).map(|front| front.source)
    }

    /// Whether anything of a track left or waits to leave.
    pub fn mentions(&self, track: usize) -> bool {
        self.stretches.iter().any(|stretch| stretch.source.track == track)
    }

    /// The numbers of a packet that leaves now. `aligned` is its timestamp on the clock of the layer that left until now; it matters
    /// for the first packet of a stretch alone.
    pub fn leave(
        &mut self,
        stretch: u32,
        meta: &Meta,
        clock_rate: u32,
        aligned: Option<u32>,
        now: Instant,
    ) -> Option<Numbers> {
        let index = self.stretches.iter().position(|other| other.id == stretch)?;
        if index > 0 || self.stretches.front()?.begun.is_none() {
            self.begin(index, meta, clock_rate, aligned, now);
        }
        let numbers = self.stretches.front()?.numbers(meta)?;
        self.newest = self.newest.max(numbers.sequence);
        self.note_picture(meta, &numbers);
        if self.newest_timestamp.is_none_or(|(newest, _)| numbers.timestamp.wrapping_sub(newest) as i32 >= 0) {
            self.newest_timestamp = Some((numbers.timestamp, now));
        }
        Some(numbers)
    }

    /// A packet that left may be asked for again; what only filled a number is not sent again as something else.
    pub fn remember(&mut self, meta: &Meta) {
        self.gone.set(meta.sequence);
    }

    /// The numbers under which a packet of the stretch that is leaving has left.
    pub fn numbers(&self, stretch: u32, meta: &Meta) -> Option<Numbers> {
        self.stretches.front().filter(|front| front.id == stretch)?.numbers(meta)
    }

    /// Stretch, source and the source's number of a packet that left, which the receiver names by the low bits of ours. What still
    /// waits to leave is none: it will come by itself.
    pub fn left(&self, outgoing: u16) -> Option<(u32, Source, u64)> {
        let front = self.stretches.front()?;
        let behind = u64::from((self.newest as u16).wrapping_sub(outgoing));
        let index = self.newest.checked_sub(behind)?.checked_sub(front.begun?.first_out)?;
        let sequence = front.skipped.nth(front.first_in, index).filter(|sequence| self.gone.has(*sequence))?;
        Some((front.id, front.source, sequence))
    }

    /// The source that is leaving, and what is added to its timestamps.
    pub fn clock(&self) -> Option<(Source, u32)> {
        let front = self.stretches.front()?;
        Some((front.source, front.begun?.timestamp))
    }

    /// The stretch at `index` begins to leave; those before it are over.
    fn begin(&mut self, index: usize, meta: &Meta, clock_rate: u32, aligned: Option<u32>, now: Instant) {
        let before = self.stretches.front().filter(|_| index > 0).and_then(|front| front.begun);
        let timestamp = self.timestamp(meta, clock_rate, aligned.zip(before), before.is_some(), now);
        let picture = self.newest_picture.map_or(meta.picture.unwrap_or(0), |newest| newest + 1);
        let tl0_in = meta.vp8.and_then(|vp8| vp8.tl0_index).map_or(0, |(_, value)| value);
        let tl0 = self.newest_tl0.map_or(tl0_in, |newest| newest.wrapping_add(1));
        self.stretches.drain(..index);
        self.gone = Window::default();
        let Some(front) = self.stretches.front_mut() else { return };
        front.begun = Some(Begun {
            first_out: self.newest + 1,
            timestamp: timestamp.wrapping_sub(meta.timestamp),
            picture: picture.wrapping_sub(meta.picture.unwrap_or(0)),
            tl0: tl0.wrapping_sub(tl0_in),
        });
    }

    /// The outgoing timestamp of a stretch's first packet: by the layers' common clock where there is one, else by how much time
    /// has passed; one tick later than the newest at least.
    fn timestamp(
        &self,
        meta: &Meta,
        clock_rate: u32,
        aligned: Option<(u32, Begun)>,
        same_source: bool,
        now: Instant,
    ) -> u32 {
        let Some((newest, at)) = self.newest_timestamp else { return meta.timestamp };
        let units = |time: Duration| (time.as_secs_f64() * f64::from(clock_rate)) as u32;
        if let Some((aligned, before)) = aligned {
            let ahead = aligned.wrapping_add(before.timestamp).wrapping_sub(newest) as i32;
            if ahead.unsigned_abs() < units(STEP_MAX) {
                return newest.wrapping_add(ahead.max(1) as u32);
            }
        }
        // Another layer of the same source may bring the same picture, another source brings a later one.
        let least = if same_source { Duration::ZERO } else { FRAME };
        newest.wrapping_add(units(now.duration_since(at).clamp(least, STEP_MAX)).max(1))
    }

    fn note_picture(&mut self, meta: &Meta, numbers: &Numbers) {
        let picture = self.stretches.front().and_then(|front| front.picture(meta.picture?));
        self.newest_picture = self.newest_picture.max(picture);
        let later = |newest: u8| numbers.tl0_index.wrapping_sub(newest) < 128;
        if meta.vp8.is_some_and(|vp8| vp8.tl0_index.is_some()) && self.newest_tl0.is_none_or(later) {
            self.newest_tl0 = Some(numbers.tl0_index);
        }
    }
}

impl Stretch {
    fn numbers(&self, meta: &Meta) -> Option<Numbers> {
        let begun = self.begun?;
        let index = meta.sequence.checked_sub(self.first_in)?.checked_sub(self.skipped.before(meta.sequence)?)?;
        let picture = meta.picture.and_then(|picture| self.picture(picture)).unwrap_or(0);
        let tl0 = meta.vp8.and_then(|vp8| vp8.tl0_index).map_or(0, |(_, value)| value);
        Some(Numbers {
            sequence: begun.first_out + index,
            timestamp: meta.timestamp.wrapping_add(begun.timestamp),
            picture_id: (picture as u16) & PICTURE_IDS,
            tl0_index: tl0.wrapping_add(begun.tl0),
        })
    }

    /// The outgoing number of a picture, without roll-over.
    fn picture(&self, incoming: u64) -> Option<u64> {
        Some(incoming.wrapping_add(self.begun?.picture).wrapping_sub(self.skipped_pictures.before(incoming)?))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;
    use crate::rtp::vp8::{Descriptor, PictureId};
    use proptest::prelude::*;

    fn meta(sequence: u64, timestamp: u32, picture: u64) -> Meta {
        let vp8 = Descriptor {
            picture_id: Some(PictureId { offset: 2, long: true, value: picture as u16 & PICTURE_IDS }),
            tl0_index: Some((4, picture as u8)),
            ..Descriptor::default()
        };
        Meta { sequence, timestamp, vp8: Some(vp8), picture: Some(picture), ..Meta::default() }
    }

    fn layer(layer: usize) -> Source {
        Source { track: 7, layer }
    }

    fn leave(rewriter: &mut Rewriter, stretch: u32, packet: &Meta, now: Instant) -> Numbers {
        let numbers = rewriter.leave(stretch, packet, 90_000, None, now).unwrap();
        rewriter.remember(packet);
        numbers
    }

    #[test]
    fn a_change_of_source_continues_every_number() {
        let (mut rewriter, start) = (Rewriter::new(10), Instant::now());
        let one = rewriter.open(layer(0), 70_000);
        let first = leave(&mut rewriter, one, &meta(70_000, 1000, 0x7FFF), start);
        let lost_on_the_uplink = leave(&mut rewriter, one, &meta(70_002, 4000, 0x8001), start);
        assert_eq!((lost_on_the_uplink.sequence, lost_on_the_uplink.picture_id), (first.sequence + 2, 1));
        rewriter.end();
        let two = rewriter.open(layer(0), 5);
        let other = leave(&mut rewriter, two, &meta(5, 999_999, 77), start + Duration::from_millis(100));
        assert_eq!(other.sequence, first.sequence + 3);
        assert_eq!((other.picture_id, other.tl0_index), (2, 2));
        assert_eq!(other.timestamp, 4000 + 9000);
    }

    #[test]
    fn a_named_packet_is_found_in_this_stretch_only() {
        let (mut rewriter, now) = (Rewriter::new(0), Instant::now());
        let one = rewriter.open(layer(0), 100);
        let old = leave(&mut rewriter, one, &meta(100, 0, 1), now);
        assert_eq!(rewriter.left(old.sequence as u16), Some((one, layer(0), 100)));
        let two = rewriter.open(layer(1), 900);
        let new = leave(&mut rewriter, two, &meta(900, 0, 1), now);
        assert_eq!(rewriter.left(new.sequence as u16), Some((two, layer(1), 900)));
        assert_eq!(rewriter.left(old.sequence as u16), None);
        assert_eq!(rewriter.numbers(one, &meta(100, 0, 1)), None);
    }

    /// What we leave out is closed up in every number; what comes too late for that must be filled.
    #[test]
    fn skipped_packets_leave_no_gap() {
        let (mut rewriter, now) = (Rewriter::new(0), Instant::now());
        let one = rewriter.open(layer(0), 100);
        let first = leave(&mut rewriter, one, &meta(100, 0, 10), now);
        assert!(rewriter.skip(&meta(101, 3000, 11)) && rewriter.skip(&meta(102, 3000, 11)));
        let next = leave(&mut rewriter, one, &meta(103, 6000, 12), now);
        assert_eq!((next.sequence, next.picture_id, next.timestamp), (first.sequence + 1, 11, 6000));
        // 104 is lost on the uplink: its number stays free, and comes to be filled.
        let later = leave(&mut rewriter, one, &meta(105, 12_000, 14), now);
        assert_eq!((later.sequence, later.picture_id), (first.sequence + 3, 13));
        assert!(!rewriter.skip(&meta(104, 9000, 13)));
        assert_eq!(rewriter.numbers(one, &meta(104, 9000, 13)).unwrap().sequence, first.sequence + 2);
        assert_eq!(rewriter.left(next.sequence as u16), Some((one, layer(0), 103)));
        assert_eq!(rewriter.left(later.sequence as u16), Some((one, layer(0), 105)));
    }

    /// Two layers of one source: the outgoing timestamps follow the picture's time, and never step back.
    #[test]
    fn layers_are_aligned_by_their_common_clock() {
        let (mut rewriter, now) = (Rewriter::new(0), Instant::now());
        let low = rewriter.open(layer(0), 100);
        leave(&mut rewriter, low, &meta(100, 50_000, 1), now);
        let high = rewriter.open(layer(1), 7);
        assert_eq!((rewriter.begins_after(high), rewriter.begins_after(low)), (Some(layer(0)), None));
        let same = rewriter.leave(high, &meta(7, 1, 1), 90_000, Some(50_000), now).unwrap();
        assert_eq!(same.timestamp, 50_001, "the same picture again is one tick later");
        let low = rewriter.open(layer(0), 140);
        let after = 6001;
        let next = rewriter.leave(low, &meta(140, 9, 9), 90_000, Some(after), now + Duration::from_secs(2)).unwrap();
        assert_eq!(next.timestamp, 50_001 + 6000);
        let wild = rewriter.open(layer(1), 300);
        let far = 1 << 30;
        let by_time = rewriter.leave(wild, &meta(300, 3, 3), 90_000, Some(far), now + Duration::from_secs(3)).unwrap();
        assert_eq!(by_time.timestamp, 56_001 + 90_000, "a clock that is out by more than 10 s is none");
    }

    proptest! {
        #[test]
        fn sources_in_turn_leave_no_gap_no_reuse_and_no_step_back(
            stretches in proptest::collection::vec(
                (1u64..1 << 40, any::<u32>(), 1u64..1 << 30, proptest::collection::vec(any::<bool>(), 1..40)), 1..20)
        ) {
            let (mut rewriter, mut now) = (Rewriter::new(3), Instant::now());
            let mut last: Option<Numbers> = None;
            for (first, timestamp, picture, kept) in stretches {
                let id = rewriter.open(layer(0), first);
                for (step, kept) in kept.into_iter().enumerate() {
                    now += Duration::from_millis(33);
                    let step = step as u64;
                    let packet = meta(first + step, timestamp.wrapping_add(3000 * step as u32), picture + step);
                    if step > 0 && !kept {
                        prop_assert!(rewriter.skip(&packet));
                        continue;
                    }
                    let numbers = leave(&mut rewriter, id, &packet, now);
                    if let Some(last) = last {
                        prop_assert_eq!(numbers.sequence, last.sequence + 1);
                        prop_assert_eq!(numbers.picture_id, (last.picture_id + 1) & PICTURE_IDS);
                        prop_assert!((numbers.timestamp.wrapping_sub(last.timestamp) as i32) > 0);
                    }
                    prop_assert_eq!(rewriter.left(numbers.sequence as u16), Some((id, layer(0), first + step)));
                    last = Some(numbers);
                }
            }
        }
    }
}
