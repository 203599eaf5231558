//! One m-line of a subscriber: an unbroken stream made of whatever sources are put into it.
//!
//! Sequence numbers, timestamps and picture ids are written here when the pacer lets a packet go, so that what was
//! dropped while it waited leaves no gap. A source's time in a slot is an *epoch*; within one, incoming and outgoing
//! numbers differ by constants, so that loss on the uplink stays a gap that the receiver can ask for.

use std::time::{Duration, Instant};

use super::store::Meta;
use crate::command::{Kind, SendSlot};
use crate::rtp::ntp::Ntp;
use crate::rtp::rtcp::ReportBlock;

/// Timestamps step by one frame at least from one source to the next: 1/30 s.
const FRAME: Duration = Duration::from_millis(33);
/// However long a slot was empty, its timestamps step by no more: half of their range would look like a step back.
const STEP_MAX: Duration = Duration::from_secs(10);
/// Picture ids have 15 bits.
const PICTURE_IDS: u16 = 0x7FFF;

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

#[derive(Debug, Clone, Copy)]
struct Epoch {
    first_in: u64,
    first_out: u64,
    timestamp_offset: u32,
    picture_offset: u16,
    tl0_offset: u8,
}

/// Rewrites numbers so that a receiver sees one stream.
#[derive(Debug)]
pub struct Rewriter {
    epoch: Option<Epoch>,
    newest: u64,
    newest_picture: Option<u16>,
    newest_tl0: Option<u8>,
    newest_timestamp: Option<(u32, Instant)>,
    left: Window,
}

impl Rewriter {
    /// A stream whose first packet gets the sequence number `first`.
    pub fn new(first: u16) -> Self {
        Self {
            epoch: None,
            newest: (1 << 16) + u64::from(first) - 1,
            newest_picture: None,
            newest_tl0: None,
            newest_timestamp: None,
            left: Window::default(),
        }
    }

    /// The source changed: the next packet begins an epoch.
    pub fn end_epoch(&mut self) {
        self.epoch = None;
        self.left = Window::default();
    }

    /// The numbers of a packet that leaves now. `first_in` is where the source's time in this slot began.
    pub fn leave(&mut self, meta: &Meta, first_in: u64, clock_rate: u32, now: Instant) -> Option<Numbers> {
        if self.epoch.is_none() {
            self.epoch = Some(self.begin(meta, first_in, clock_rate, now));
        }
        let numbers = self.numbers(meta)?;
        self.newest = self.newest.max(numbers.sequence);
        self.left.set(meta.sequence);
        self.note_picture(meta, &numbers);
        if self.newest_timestamp.is_none_or(|(newest, _)| numbers.timestamp.wrapping_sub(newest) as i32 >= 0) {
            self.newest_timestamp = Some((numbers.timestamp, now));
        }
        Some(numbers)
    }

    /// The numbers under which a packet of this epoch left or will leave.
    pub fn numbers(&self, meta: &Meta) -> Option<Numbers> {
        let epoch = self.epoch?;
        let sequence = epoch.first_out + meta.sequence.checked_sub(epoch.first_in)?;
        let picture = meta.vp8.and_then(|vp8| vp8.picture_id).map_or(0, |id| id.value);
        let tl0 = meta.vp8.and_then(|vp8| vp8.tl0_index).map_or(0, |(_, value)| value);
        Some(Numbers {
            sequence,
            timestamp: meta.timestamp.wrapping_add(epoch.timestamp_offset),
            picture_id: picture.wrapping_add(epoch.picture_offset) & PICTURE_IDS,
            tl0_index: tl0.wrapping_add(epoch.tl0_offset),
        })
    }

    /// The source's sequence number of a packet that left, which the receiver names by the low bits of ours. What still waits
    /// to leave is none: it will come by itself.
    pub fn source_sequence(&self, outgoing: u16) -> Option<u64> {
        let epoch = self.epoch?;
        let behind = u64::from((self.newest as u16).wrapping_sub(outgoing));
        let extended = self.newest.checked_sub(behind)?;
        Some(epoch.first_in + extended.checked_sub(epoch.first_out)?).filter(|sequence| self.left.has(*sequence))
    }

    /// What is added to the source's timestamps in this epoch.
    pub fn timestamp_offset(&self) -> Option<u32> {
        self.epoch.map(|epoch| epoch.timestamp_offset)
    }

    fn begin(&self, meta: &Meta, first_in: u64, clock_rate: u32, now: Instant) -> Epoch {
        let timestamp = self.newest_timestamp.map_or(meta.timestamp, |(newest, at)| {
            let step = now.duration_since(at).clamp(FRAME, STEP_MAX);
            newest.wrapping_add((step.as_secs_f64() * f64::from(clock_rate)) as u32)
        });
        let picture = meta.vp8.and_then(|vp8| vp8.picture_id).map_or(0, |id| id.value);
        let tl0 = meta.vp8.and_then(|vp8| vp8.tl0_index).map_or(0, |(_, value)| value);
        Epoch {
            first_in,
            first_out: self.newest + 1,
            timestamp_offset: timestamp.wrapping_sub(meta.timestamp),
            picture_offset: self.newest_picture.map_or(picture, |newest| newest.wrapping_add(1)).wrapping_sub(picture),
            tl0_offset: self.newest_tl0.map_or(tl0, |newest| newest.wrapping_add(1)).wrapping_sub(tl0),
        }
    }

    fn note_picture(&mut self, meta: &Meta, numbers: &Numbers) {
        let Some(vp8) = meta.vp8 else { return };
        let ahead = |newest: u16| numbers.picture_id.wrapping_sub(newest) & PICTURE_IDS <= PICTURE_IDS / 2;
        if vp8.picture_id.is_some() && self.newest_picture.is_none_or(ahead) {
            self.newest_picture = Some(numbers.picture_id);
        }
        let later = |newest: u8| numbers.tl0_index.wrapping_sub(newest) < 128;
        if vp8.tl0_index.is_some() && self.newest_tl0.is_none_or(later) {
            self.newest_tl0 = Some(numbers.tl0_index);
        }
    }
}

/// Which of the newest 1,024 packets of a source left: as many as its store holds.
#[derive(Debug, Clone, Default)]
struct Window {
    newest: u64,
    bits: [u64; 16],
}

impl Window {
    const SIZE: u64 = 1024;

    fn set(&mut self, sequence: u64) {
        if sequence > self.newest {
            let ahead = (sequence - self.newest).min(Self::SIZE);
            (sequence + 1 - ahead..=sequence).for_each(|skipped| self.write(skipped, false));
            self.newest = sequence;
        }
        if sequence + Self::SIZE > self.newest {
            self.write(sequence, true);
        }
    }

    fn has(&self, sequence: u64) -> bool {
        let word = self.bits.get((sequence % Self::SIZE / 64) as usize).copied().unwrap_or(0);
        sequence <= self.newest && sequence + Self::SIZE > self.newest && word & (1 << (sequence % 64)) != 0
    }

    fn write(&mut self, sequence: u64, left: bool) {
        if let Some(word) = self.bits.get_mut((sequence % Self::SIZE / 64) as usize) {
            let bit = 1 << (sequence % 64);
            *word = if left { *word | bit } else { *word & !bit };
        }
    }
}

/// Whether a slot forwards what its track brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Nothing is forwarded before a key frame (video) or the next packet (audio).
    Waiting,
    /// From this packet of the source on.
    Open(u64),
}

/// A slot of a subscriber.
#[derive(Debug)]
pub struct Slot {
    /// What was negotiated.
    pub config: SendSlot,
    /// The key of the track that is in it.
    pub track: Option<usize>,
    /// Counts the sources that were in it: a queued packet of an earlier one is not sent any more.
    pub epoch: u32,
    /// Its numbers.
    pub rewriter: Rewriter,
    /// The next sequence number of its retransmissions.
    pub repair_sequence: u16,
    /// When the next sender report is due.
    pub report_due: Option<Instant>,
    /// What was sent, and what the receiver said of it.
    pub sent: Sent,
    gate: Gate,
}

/// A slot's statistics.
#[derive(Debug, Default)]
pub struct Sent {
    /// Media packets.
    pub packets: u64,
    /// Their payload bytes.
    pub bytes: u64,
    /// Retransmissions.
    pub repairs: u64,
    /// The last reception report.
    pub report: Option<ReportBlock>,
    /// Round trip by that report.
    pub round_trip: Option<Duration>,
    last_report: Option<(u32, Instant)>,
}

impl Sent {
    /// A sender report left.
    pub fn on_sender_report(&mut self, ntp: Ntp, now: Instant) {
        self.last_report = Some((ntp.middle(), now));
    }

    /// The receiver's report came. Source: RFC 3550 §6.4.1.
    pub fn on_reception(&mut self, block: ReportBlock, now: Instant) {
        self.report = Some(block);
        if let Some((middle, at)) = self.last_report
            && middle == block.last_sender_report
        {
            let held = Duration::from_secs_f64(f64::from(block.delay) / 65_536.0);
            self.round_trip = Some(now.duration_since(at).saturating_sub(held));
        }
    }
}

impl Slot {
    /// An empty slot; its first sequence number comes from its SSRC, so that a run is reproducible.
    pub fn new(config: SendSlot) -> Self {
        let first = (config.ssrc as u16) & 0x3FFF;
        Self {
            rewriter: Rewriter::new(first),
            repair_sequence: first,
            config,
            track: None,
            epoch: 0,
            report_due: None,
            sent: Sent::default(),
            gate: Gate::Waiting,
        }
    }

    /// Puts another track into the slot, or none.
    pub fn assign(&mut self, track: Option<usize>) {
        self.track = track;
        self.restart();
    }

    /// Forgets what was queued, and waits for a key frame where there are key frames.
    pub fn restart(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.gate = Gate::Waiting;
        self.rewriter.end_epoch();
    }

    /// Whether nothing was forwarded yet of the source that is in the slot.
    pub fn is_waiting(&self) -> bool {
        self.gate == Gate::Waiting
    }

    /// Whether a packet of the source is to be queued.
    pub fn admits(&mut self, sequence: u64, keyframe: bool) -> bool {
        match self.gate {
            Gate::Open(first) => sequence >= first,
            Gate::Waiting if keyframe || self.config.kind == Kind::Audio => {
                self.gate = Gate::Open(sequence);
                true
            }
            Gate::Waiting => false,
        }
    }

    /// Whether it waits for a key frame.
    pub fn waits_for_keyframe(&self) -> bool {
        self.track.is_some() && self.gate == Gate::Waiting && self.config.kind == Kind::Video
    }

    /// Where the source's time in this slot began.
    pub fn first_in(&self) -> Option<u64> {
        match self.gate {
            Gate::Open(first) => Some(first),
            Gate::Waiting => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;
    use crate::rtp::vp8::{Descriptor, PictureId};
    use proptest::prelude::*;

    fn meta(sequence: u64, timestamp: u32, picture: u16) -> Meta {
        let vp8 = Descriptor {
            picture_id: Some(PictureId { offset: 2, long: true, value: picture }),
            tl0_index: Some((4, picture as u8)),
            ..Descriptor::default()
        };
        Meta { sequence, timestamp, marker: false, vp8: Some(vp8) }
    }

    #[test]
    fn a_change_of_source_continues_every_number() {
        let (mut rewriter, start) = (Rewriter::new(10), Instant::now());
        let first = rewriter.leave(&meta(70_000, 1000, 0x7FFF), 70_000, 90_000, start).unwrap();
        let lost_on_the_uplink = rewriter.leave(&meta(70_002, 4000, 1), 70_000, 90_000, start).unwrap();
        assert_eq!(lost_on_the_uplink.sequence, first.sequence + 2);
        rewriter.end_epoch();
        let other = rewriter.leave(&meta(5, 999_999, 77), 5, 90_000, start + Duration::from_millis(100)).unwrap();
        assert_eq!(other.sequence, first.sequence + 3);
        assert_eq!(other.picture_id, 2);
        assert_eq!(other.tl0_index, 2);
        assert_eq!(other.timestamp, 4000 + 9000);
    }

    #[test]
    fn a_named_packet_is_found_in_this_epoch_only() {
        let (mut rewriter, now) = (Rewriter::new(0), Instant::now());
        let old = rewriter.leave(&meta(100, 0, 1), 100, 90_000, now).unwrap();
        assert_eq!(rewriter.source_sequence(old.sequence as u16), Some(100));
        rewriter.end_epoch();
        let new = rewriter.leave(&meta(900, 0, 1), 900, 90_000, now).unwrap();
        assert_eq!(rewriter.source_sequence(new.sequence as u16), Some(900));
        assert_eq!(rewriter.source_sequence(old.sequence as u16), None);
    }

    proptest! {
        #[test]
        fn sources_in_turn_leave_no_gap_no_reuse_and_no_step_back(epochs in proptest::collection::vec((1u64..1 << 40, any::<u32>(), 0u16..0x8000, 1u64..40), 1..20)) {
            let (mut rewriter, mut now) = (Rewriter::new(3), Instant::now());
            let mut last: Option<Numbers> = None;
            for (first, timestamp, picture, count) in epochs {
                rewriter.end_epoch();
                for step in 0..count {
                    now += Duration::from_millis(33);
                    let packet = meta(first + step, timestamp.wrapping_add(3000 * step as u32), picture.wrapping_add(step as u16) & PICTURE_IDS);
                    let numbers = rewriter.leave(&packet, first, 90_000, now).unwrap();
                    if let Some(last) = last {
                        prop_assert_eq!(numbers.sequence, last.sequence + 1);
                        prop_assert_eq!(numbers.picture_id, (last.picture_id + 1) & PICTURE_IDS);
                        prop_assert!((numbers.timestamp.wrapping_sub(last.timestamp) as i32) > 0);
                    }
                    prop_assert_eq!(rewriter.source_sequence(numbers.sequence as u16), Some(first + step));
                    last = Some(numbers);
                }
            }
        }
    }
}
