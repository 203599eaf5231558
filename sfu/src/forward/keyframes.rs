//! Key frames of one track: one answer serves all who wait, and who asks without end does not fill the publisher's uplink.
//!
//! `node/upkeep.rs` asks here whether a request is due; `publisher.rs` tells of what came.

use std::time::{Duration, Instant};

/// A request is repeated this often until it is answered. Source: interop.md, "Chromium".
const RETRY: Duration = Duration::from_millis(300);
/// A request so long after the last key frame always passes. Source: adaptation.md, "Keyframes".
const ALWAYS: Duration = Duration::from_secs(1);
/// Before that, key frames may be one part in so many of the track's bytes: 8 %. Source: adaptation.md, "Keyframes".
const RATION: u64 = 12;
/// … but so many are free, so that the first joiners of a stream that has just begun do not wait.
const FREE: u64 = 3;
/// … over so many seconds.
const SECONDS: usize = 30;

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    number: u64,
    bytes: u64,
    keyframe_bytes: u64,
    keyframes: u64,
}

/// Who waits, when was asked, and what key frames cost.
#[derive(Debug, Default)]
pub struct Keyframes {
    /// Requests sent.
    pub sent: u64,
    /// Key frames received.
    pub received: u64,
    wanted: bool,
    asked: Option<Instant>,
    /// RTP timestamp and arrival of the newest one.
    newest: Option<(u32, Instant)>,
    start: Option<Instant>,
    seconds: [Second; SECONDS],
}

impl Keyframes {
    /// Somebody waits for a key frame.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// A packet came; `begins` when a key frame starts with it. Parameter sets and picture share a timestamp and count once.
    pub fn on_packet(&mut self, timestamp: u32, bytes: usize, begins: bool, now: Instant) {
        let first = begins && self.newest.is_none_or(|(newest, _)| newest != timestamp);
        if begins {
            self.wanted = false;
        }
        if first {
            self.newest = Some((timestamp, now));
            self.received += 1;
        }
        let number = now.duration_since(*self.start.get_or_insert(now)).as_secs();
        let Some(second) = self.seconds.get_mut((number % SECONDS as u64) as usize) else { return };
        if second.number != number {
            *second = Second { number, ..Second::default() };
        }
        second.bytes += bytes as u64;
        second.keyframes += u64::from(first);
        if self.newest.is_some_and(|(newest, _)| newest == timestamp) {
            second.keyframe_bytes += bytes as u64;
        }
    }

    /// Whether to ask the publisher now.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.wanted
            && self.asked.is_none_or(|asked| now.duration_since(asked) >= RETRY)
            && (self.newest.is_none_or(|(_, at)| now.duration_since(at) >= ALWAYS) || self.within_ration(now));
        if due {
            self.asked = Some(now);
            self.sent += 1;
        }
        due
    }

    fn within_ration(&self, now: Instant) -> bool {
        let number = self.start.map_or(0, |start| now.duration_since(start).as_secs());
        let recent = self.seconds.iter().filter(|second| second.number + SECONDS as u64 > number);
        let sums = recent.fold(Second::default(), |sums, second| Second {
            number,
            bytes: sums.bytes + second.bytes,
            keyframe_bytes: sums.keyframe_bytes + second.keyframe_bytes,
            keyframes: sums.keyframes + second.keyframes,
        });
        sums.keyframes <= FREE || sums.keyframe_bytes * RATION <= sums.bytes
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(33);

    /// Frames of 4,000 bytes for `seconds`; key frames of 32,000 whenever they are asked for. Returns how many came.
    fn play(keyframes: &mut Keyframes, now: &mut Instant, seconds: u32, asks: impl Fn(u32) -> bool) -> u64 {
        let (before, mut pending) = (keyframes.received, false);
        for frame in 0..seconds * 30 {
            *now += FRAME;
            if asks(frame) {
                keyframes.want();
            }
            let begins = std::mem::replace(&mut pending, keyframes.due(*now));
            keyframes.on_packet(
                now.elapsed().as_nanos() as u32 ^ frame,
                if begins { 32_000 } else { 4_000 },
                begins,
                *now,
            );
        }
        keyframes.received - before
    }

    #[test]
    fn an_unanswered_request_is_repeated_and_an_answered_one_is_not() {
        let (mut keyframes, start) = (Keyframes::default(), Instant::now());
        keyframes.want();
        assert!(keyframes.due(start));
        assert!(!keyframes.due(start + FRAME));
        assert!(keyframes.due(start + RETRY));
        keyframes.on_packet(1, 1000, true, start + RETRY);
        assert!(!keyframes.due(start + RETRY * 2));
    }

    #[test]
    fn who_asks_without_end_gets_one_a_second() {
        let (mut keyframes, mut now) = (Keyframes::default(), Instant::now());
        play(&mut keyframes, &mut now, 30, |_| false);
        let came = play(&mut keyframes, &mut now, 60, |_| true);
        assert!((55..=75).contains(&came), "{came}");
    }

    #[test]
    fn who_asks_now_and_then_is_answered_at_once() {
        let (mut keyframes, mut now) = (Keyframes::default(), Instant::now());
        play(&mut keyframes, &mut now, 30, |_| false);
        keyframes.want();
        assert!(keyframes.due(now));
        keyframes.on_packet(1, 32_000, true, now);
        keyframes.want();
        assert!(keyframes.due(now + RETRY), "a second joiner in the same second is within the ration");
    }
}
