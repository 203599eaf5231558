//! When a queued packet leaves: audio, then repair, then video, at a fixed rate.
//!
//! `forward/subscriber.rs` queues references; `node/egress.rs` takes them out and writes the packets.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rate of release. It spreads a key frame over some milliseconds and is above what twelve 720p tiles need;
/// until a link's capacity is estimated, it is no model of the link.
const RATE_BYTES_PER_SECOND: f64 = 40_000_000.0 / 8.0;
/// What may leave at once: 5 ms of the rate.
const BURST_BYTES: f64 = RATE_BYTES_PER_SECOND * 0.005;
/// References that may wait for one subscriber in each class: 2.5 s of voice, a key frame for each of 25 slots.
const QUEUE_MAX: usize = 2048;

/// The order in which packets leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Voices first.
    Audio,
    /// Then what was lost.
    Repair,
    /// Then pictures.
    Video,
}

/// A reference to a stored packet.
#[derive(Debug, Clone, Copy)]
pub struct Queued {
    /// The slot's index.
    pub slot: usize,
    /// The slot's stretch that it belongs to.
    pub stretch: u32,
    /// The source's extended sequence number.
    pub sequence: u64,
    /// As what it leaves.
    pub form: Form,
}

/// As what a stored packet leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it came.
    Media,
    /// Without its payload: it only fills its number.
    Blank,
    /// Once more, as a retransmission.
    Repair,
}

/// One subscriber's queues.
#[derive(Debug)]
pub struct Pacer {
    queues: [VecDeque<Queued>; 3],
    /// References taken so far.
    pub taken: u64,
    budget: f64,
    refilled: Instant,
}

impl Pacer {
    /// Empty queues and a full budget.
    pub fn new(now: Instant) -> Self {
        Self { queues: Default::default(), taken: 0, budget: BURST_BYTES, refilled: now }
    }

    /// Queues a packet; false when the class's queue is full.
    pub fn push(&mut self, class: Class, item: Queued) -> bool {
        let queue = self.queue(class);
        let fits = queue.len() < QUEUE_MAX;
        if fits {
            queue.push_back(item);
            self.taken += 1;
        }
        fits
    }

    /// The next packet that may leave at `now`. The caller reports its size by `spent`.
    pub fn pop(&mut self, now: Instant) -> Option<Queued> {
        let elapsed = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.refilled = self.refilled.max(now);
        self.budget = (self.budget + elapsed * RATE_BYTES_PER_SECOND).min(BURST_BYTES);
        if let Some(voice) = self.queue(Class::Audio).pop_front() {
            return Some(voice); // a voice never waits for pictures
        }
        if self.budget <= 0.0 {
            return None;
        }
        self.queues.iter_mut().find_map(VecDeque::pop_front)
    }

    /// Takes the bytes of a packet that left off the budget.
    pub fn spent(&mut self, bytes: usize) {
        self.budget -= bytes as f64;
    }

    /// References that wait.
    pub fn len(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    /// Whether anything waits.
    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(VecDeque::is_empty)
    }

    /// When the next packet may leave; `None` when nothing waits.
    pub fn next_release(&self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        Some(self.refilled + Duration::from_secs_f64((-self.budget / RATE_BYTES_PER_SECOND).max(0.0) + 1e-6))
    }

    fn queue(&mut self, class: Class) -> &mut VecDeque<Queued> {
        let [audio, repair, video] = &mut self.queues;
        match class {
            Class::Audio => audio,
            Class::Repair => repair,
            Class::Video => video,
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    fn item(sequence: u64) -> Queued {
        Queued { slot: 0, stretch: 0, sequence, form: Form::Media }
    }

    #[test]
    fn a_voice_leaves_before_a_picture_even_when_the_budget_is_spent() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        pacer.push(Class::Video, item(1));
        pacer.push(Class::Audio, item(2));
        pacer.spent(1_000_000);
        assert_eq!(pacer.pop(now).map(|item| item.sequence), Some(2));
        assert!(pacer.pop(now).is_none());
    }

    #[test]
    fn a_burst_is_spread_at_the_rate() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        for sequence in 0..500 {
            pacer.push(Class::Video, item(sequence));
        }
        let (mut now, mut left) = (start, 0);
        while !pacer.is_empty() {
            while pacer.pop(now).is_some() {
                pacer.spent(1200);
                left += 1;
            }
            now = pacer.next_release().map_or(now, |at| at.max(now + Duration::from_micros(1)));
        }
        let expected = (500.0 * 1200.0 - BURST_BYTES) / RATE_BYTES_PER_SECOND;
        assert_eq!(left, 500);
        assert!((now.duration_since(start).as_secs_f64() - expected).abs() < 0.002);
    }

    #[test]
    fn a_full_queue_says_so() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        assert!((0..QUEUE_MAX as u64).all(|sequence| pacer.push(Class::Video, item(sequence))));
        assert!(!pacer.push(Class::Video, item(0)));
    }
}
