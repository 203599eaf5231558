//! Key frames of one source: one answer serves all who wait, and who asks without end does not fill the publisher's uplink.
//!
//! `node/upkeep.rs` asks here whether a request is due; `publisher.rs` tells of what came.

use std::time::{Duration, Instant};

/// Simulcast layers of a source. Source: interop.md, three in every browser.
pub const LAYERS_MAX: usize = 3;
/// A request is repeated this often until it is answered. Source: interop.md, "Chromium".
const RETRY: Duration = Duration::from_millis(300);
/// A request so long after the layer's last key frame always passes. Source: adaptation.md, "Keyframes".
const ALWAYS: Duration = Duration::from_secs(1);
/// … but in a storm key frames are at most 15 % of the bytes of ten seconds. Source: the same.
const STORM_PERCENT: u64 = 15;
const STORM_SECONDS: u64 = 10;
/// Before that second, key frames may be one part in so many of the source's bytes: 8 %. Source: the same.
const RATION: u64 = 12;
/// So many are free of each layer in each window, so that neither the first joiners of a stream wait nor those of a still picture, whose few
/// bytes a key frame always outweighs. More are a storm.
const FREE: u64 = 3;
/// Seconds that are remembered: the ration's.
const SECONDS: usize = 30;

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    number: u64,
    bytes: u64,
    keyframe_bytes: u64,
    keyframes: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Layer {
    wanted: bool,
    asked: Option<Instant>,
    /// RTP timestamp and arrival of its newest key frame, and the bytes of it so far.
    newest: Option<(u32, Instant, u64)>,
}

/// Who waits, when was asked, and what key frames cost.
#[derive(Debug, Default)]
pub struct Keyframes {
    /// Requests sent.
    pub sent: u64,
    /// Key frames received, of all layers.
    pub received: u64,
    /// Whether one request keys every layer. Source: interop.md: VP8 does in each browser, H.264 does not.
    joint: bool,
    layers: [Layer; LAYERS_MAX],
    start: Option<Instant>,
    seconds: [Second; SECONDS],
}

impl Keyframes {
    /// Of a source whose layers are keyed `joint`ly or each for itself.
    pub fn new(joint: bool) -> Self {
        Self { joint, ..Self::default() }
    }

    /// Somebody waits for a key frame of a layer.
    pub fn want(&mut self, layer: usize) {
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.wanted = true;
        }
    }

    /// A packet came; `begins` when a key frame starts with it. Parameter sets and picture share a timestamp and count once.
    pub fn on_packet(&mut self, layer: usize, timestamp: u32, bytes: usize, begins: bool, now: Instant) {
        let Some(layer) = self.layers.get_mut(layer) else { return };
        let first = begins && layer.newest.is_none_or(|(newest, ..)| newest != timestamp);
        if begins {
            layer.wanted = false;
        }
        if first {
            layer.newest = Some((timestamp, now, 0));
            self.received += 1;
        }
        let bytes = bytes as u64;
        let number = now.duration_since(*self.start.get_or_insert(now)).as_secs();
        let Some(second) = self.seconds.get_mut((number % SECONDS as u64) as usize) else { return };
        if second.number != number {
            *second = Second { number, ..Second::default() };
        }
        second.bytes += bytes;
        second.keyframes += u64::from(first);
        if let Some((_, _, weight)) = layer.newest.as_mut().filter(|(newest, ..)| *newest == timestamp) {
            *weight += bytes;
            second.keyframe_bytes += bytes;
        }
    }

    /// A layer has ended: nobody can get a key frame of it.
    pub fn forget(&mut self, layer: usize) {
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.wanted = false;
        }
    }

    /// A layer to ask the publisher for now, of those that are known; called until there is none.
    pub fn due(&mut self, now: Instant, is_known: impl Fn(usize) -> bool) -> Option<usize> {
        let index = (0..LAYERS_MAX).find(|index| is_known(*index) && self.is_due(*index, now))?;
        let asked = self.layers.iter_mut().enumerate().filter(|(other, _)| self.joint || *other == index);
        asked.for_each(|(_, layer)| layer.asked = Some(now));
        self.sent += 1;
        Some(index)
    }

    fn is_due(&self, index: usize, now: Instant) -> bool {
        let Some(layer) = self.layers.get(index).filter(|layer| layer.wanted) else { return false };
        if layer.asked.is_some_and(|asked| now.duration_since(asked) < RETRY) {
            return false;
        }
        let late = layer.newest.is_none_or(|(_, at, _)| now.duration_since(at) >= ALWAYS);
        self.is_calm(now) && (late || self.is_within_ration(now))
    }

    /// Whether one more key frame keeps the last ten seconds below a storm's share.
    fn is_calm(&self, now: Instant) -> bool {
        let recent = self.recent(STORM_SECONDS, now);
        let next: u64 = self.layers.iter().filter_map(|layer| layer.newest).map(|(.., weight)| weight).sum();
        // A source that has just begun is taken to go on as it does.
        let lived = self.start.map_or(0, |start| now.duration_since(start).as_millis() as u64).max(1);
        let window = STORM_SECONDS * 1000;
        let frames = (recent.bytes - recent.keyframe_bytes) * window / lived.min(window);
        let keyframes = recent.keyframe_bytes + next;
        recent.keyframes < self.free() || keyframes * 100 <= (frames + keyframes) * STORM_PERCENT
    }

    fn is_within_ration(&self, now: Instant) -> bool {
        let recent = self.recent(SECONDS as u64, now);
        recent.keyframes <= self.free() || recent.keyframe_bytes * RATION <= recent.bytes
    }

    fn free(&self) -> u64 {
        FREE * self.layers.iter().filter(|layer| layer.newest.is_some()).count().max(1) as u64
    }

    fn recent(&self, seconds: u64, now: Instant) -> Second {
        let number = self.start.map_or(0, |start| now.duration_since(start).as_secs());
        let recent = self.seconds.iter().filter(|second| second.number + seconds > number);
        recent.fold(Second::default(), |sums, second| Second {
            number,
            bytes: sums.bytes + second.bytes,
            keyframe_bytes: sums.keyframe_bytes + second.keyframe_bytes,
            keyframes: sums.keyframes + second.keyframes,
        })
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(33);

    /// A source that has sent nothing yet.
    struct Source {
        keyframes: Keyframes,
        now: Instant,
        frame: u32,
        /// Bytes of frames and of key frames, second by second.
        seconds: Vec<(u64, u64)>,
    }

    impl Source {
        fn new() -> Self {
            Self { keyframes: Keyframes::new(true), now: Instant::now(), frame: 0, seconds: Vec::new() }
        }

        /// Frames of 4,000 bytes for `seconds`; key frames of 32,000 whenever they are asked for. Returns how many came.
        fn play(&mut self, seconds: u32, asks: impl Fn(u32) -> bool) -> u64 {
            let (before, mut pending) = (self.keyframes.received, false);
            for _ in 0..seconds * 30 {
                (self.now, self.frame) = (self.now + FRAME, self.frame + 1);
                if asks(self.frame) {
                    self.keyframes.want(0);
                }
                let begins = std::mem::replace(&mut pending, self.keyframes.due(self.now, |_| true).is_some());
                let bytes = if begins { 32_000 } else { 4_000 };
                self.keyframes.on_packet(0, self.frame, bytes, begins, self.now);
                self.seconds.resize((self.frame as usize).div_ceil(30), (0, 0));
                let second = self.seconds.last_mut().unwrap();
                *second = (second.0 + bytes as u64, second.1 + if begins { bytes as u64 } else { 0 });
            }
            self.keyframes.received - before
        }

        /// The largest share of key frames in so many seconds.
        fn worst(&self, seconds: usize) -> f64 {
            let share = |window: &[(u64, u64)]| {
                let sums = window.iter().fold((0, 0), |sums, second| (sums.0 + second.0, sums.1 + second.1));
                sums.1 as f64 / sums.0 as f64
            };
            self.seconds.windows(seconds).map(share).fold(0.0, f64::max)
        }
    }

    #[test]
    fn an_unanswered_request_is_repeated_and_an_answered_one_is_not() {
        let (mut keyframes, start) = (Keyframes::new(true), Instant::now());
        keyframes.want(0);
        assert_eq!(keyframes.due(start, |_| true), Some(0));
        assert_eq!(keyframes.due(start + FRAME, |_| true), None);
        assert_eq!(keyframes.due(start + RETRY, |_| true), Some(0));
        keyframes.on_packet(0, 1, 1000, true, start + RETRY);
        assert_eq!(keyframes.due(start + RETRY * 2, |_| true), None);
    }

    /// One request keys all layers of VP8, so that one serves who wait for different ones; of H.264 each layer is asked for.
    #[test]
    fn requests_of_a_sources_layers_are_one_where_one_keys_all() {
        for (joint, asked) in [(true, vec![0]), (false, vec![0, 2])] {
            let (mut keyframes, now) = (Keyframes::new(joint), Instant::now());
            keyframes.want(0);
            keyframes.want(2);
            let all: Vec<usize> = std::iter::from_fn(|| keyframes.due(now, |_| true)).collect();
            assert_eq!(all, asked);
        }
    }

    #[test]
    fn who_asks_without_end_is_kept_to_a_storms_share() {
        let mut source = Source::new();
        source.play(30, |_| false);
        let came = source.play(60, |_| true);
        assert!((30..=50).contains(&came), "{came}");
        // Whole seconds are looked at here, parts of them there: one key frame more may fall into a window.
        assert!(source.worst(10) < 0.17, "{}", source.worst(10));
    }

    #[test]
    fn who_asks_now_and_then_waits_a_second_at_most() {
        let mut source = Source::new();
        source.play(30, |_| false);
        let came = source.play(60, |frame| frame % 90 == 0);
        assert!(came >= 19, "each request after a second is answered: {came}");
        source.keyframes.want(0);
        assert_eq!(source.keyframes.due(source.now + FRAME, |_| true), None, "within a second the ration counts");
    }

    /// A still picture's frames are few bytes: no share can hold there, and a joiner is not to wait for that.
    #[test]
    fn a_still_pictures_joiners_wait_a_second() {
        let (mut keyframes, mut now) = (Keyframes::new(true), Instant::now());
        for second in 0..60u32 {
            now += Duration::from_secs(1);
            let joins = second % 4 == 3;
            if joins {
                keyframes.want(0);
            }
            assert_eq!(keyframes.due(now, |_| true).is_some(), joins);
            keyframes.on_packet(0, second, if joins { 60_000 } else { 300 }, joins, now);
        }
    }
}
