//! A video encoder's model: frames whose sizes vary, key frames when asked, temporal layers. `publisher.rs` sends its packets.

use std::time::{Duration, Instant};

use sfu::command::Codec;

use crate::payload::{self, NONE, Picture, Size, Stamp};

/// Bytes of a payload: with RTP's header and the tag a packet stays below 1,200 bytes, as browsers keep it.
const PAYLOAD_MAX: usize = 1160;
/// Share of what a key frame cost too much that each later frame gives back, so that the rate holds.
const REPAY: f64 = 0.1;
/// However much is owed, a frame keeps this share of the mean.
const LEAST_SHARE: f64 = 0.3;
/// The temporal layers of successive frames, with one, two and three of them. Source: libwebrtc's default patterns.
const PATTERNS: [&[u8]; 3] = [&[0], &[0, 1], &[0, 2, 1, 2]];

/// In a stamp, layers of one camera have numbers of their own: of packets from here up, of frames from the other.
const LAYER_PACKETS: u64 = 1 << 40;
const LAYER_FRAMES: u32 = 1 << 28;

/// One layer of a ladder.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What the encoder aims at.
    pub bitrate_bps: u64,
    /// What its key frames tell.
    pub size: Size,
}

/// 320×180 at 150, 640×360 at 500 and 1280×720 at 1,500 kbit/s.
pub fn ladder() -> Vec<Layer> {
    let rungs = [(150_000, (320, 180)), (500_000, (640, 360)), (1_500_000, (1280, 720))];
    rungs.into_iter().map(|(bitrate_bps, size)| Layer { bitrate_bps, size }).collect()
}

/// How a camera is encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// VP8 or H.264.
    pub codec: Codec,
    /// The ladder, lowest first; more than one is simulcast.
    pub layers: Vec<Layer>,
    /// Frames a second.
    pub fps: u32,
    /// How many mean frames a key frame weighs.
    pub keyframe_factor: f64,
    /// Frames weigh up to this share more or less than the mean.
    pub variation: f64,
    /// Temporal layers, 1 to 3.
    pub temporal_layers: usize,
    /// A key frame unasked, this often.
    pub keyframe_every: Option<Duration>,
    /// From a request's arrival to the capture of its key frame, at least.
    pub answers_in: Duration,
}

impl Default for Camera {
    /// 1.5 Mbit/s at 30 frames a second, a key frame weighing 8 frames, one temporal layer, key frames only when asked.
    fn default() -> Self {
        Self {
            codec: Codec::Vp8,
            layers: vec![Layer { bitrate_bps: 1_500_000, size: (1280, 720) }],
            fps: 30,
            keyframe_factor: 8.0,
            variation: 0.4,
            temporal_layers: 1,
            keyframe_every: None,
            answers_in: Duration::from_millis(10),
        }
    }
}

/// A packet of a frame, without its RTP header.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The source's extended sequence number.
    pub sequence: u64,
    /// The frame's RTP timestamp.
    pub timestamp: u32,
    /// The frame's last one.
    pub marker: bool,
    /// The payload.
    pub payload: Vec<u8>,
}

/// The encoder of one layer.
#[derive(Debug)]
pub struct Encoder {
    /// Frames captured so far.
    pub frames: u64,
    /// Key frames among them.
    pub keyframes: u64,
    plan: Camera,
    layer: Layer,
    source: u64,
    random: fastrand::Rng,
    next_frame: Instant,
    first_frame: u32,
    begun: Instant,
    wanted: Option<Instant>,
    newest_key: Option<Instant>,
    owed: f64,
    sequence: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    base: u32,
    pattern_at: usize,
}

impl Encoder {
    /// An encoder of one of the plan's layers, whose first frame is at `first`. Numbers come from `random`.
    ///
    /// # Panics
    /// Where there is no such layer, or on temporal layers beyond three.
    pub fn new(
        plan: Camera,
        index: usize,
        source: u64,
        mut random: fastrand::Rng,
        now: Instant,
        first: Instant,
    ) -> Self {
        assert!((1..=PATTERNS.len()).contains(&plan.temporal_layers), "one to three temporal layers");
        let layer = plan.layers[index].clone();
        Self {
            layer,
            first_frame: index as u32 * LAYER_FRAMES,
            frames: 0,
            keyframes: 0,
            source,
            next_frame: first,
            begun: now,
            wanted: Some(now),
            newest_key: None,
            owed: 0.0,
            sequence: index as u64 * LAYER_PACKETS + (1 << 16) + u64::from(random.u16(..)),
            timestamp: random.u32(..),
            picture: random.u16(..0x8000),
            tl0: random.u8(..),
            base: 0,
            pattern_at: 0,
            plan,
            random,
        }
    }

    /// When the next frame is captured.
    pub fn next_frame(&self) -> Instant {
        self.next_frame
    }

    /// A key frame is wanted; one that is wanted already serves both.
    pub fn want_keyframe(&mut self, now: Instant) {
        let at = now + self.plan.answers_in;
        self.wanted = Some(self.wanted.map_or(at, |wanted| wanted.min(at)));
    }

    /// The RTP timestamp of `now`.
    pub fn timestamp_at(&self, now: Instant) -> u32 {
        let units = now.duration_since(self.begun).as_nanos() * 90_000 / 1_000_000_000;
        self.timestamp.wrapping_add(units as u32)
    }

    /// Captures the frame of `now`; `run` is the time since the run began.
    pub fn capture(&mut self, now: Instant, run: Duration) -> Vec<Piece> {
        self.next_frame += Duration::from_secs(1).div_f64(f64::from(self.plan.fps));
        let periodic = self
            .plan
            .keyframe_every
            .is_some_and(|every| self.newest_key.is_none_or(|newest| now.duration_since(newest) >= every));
        let key = periodic || self.wanted.is_some_and(|wanted| wanted <= now);
        if key {
            (self.wanted, self.newest_key, self.pattern_at) = (None, Some(now), 0);
            self.keyframes += 1;
        }
        let layer = self.next_layer();
        let reference = self.next_reference(key, layer);
        let id = (self.plan.codec == Codec::Vp8).then_some(self.picture);
        let picture = Picture { start: true, key, id, layer };
        let captured_us = run.as_micros() as u64;
        let stamp = Stamp { source: self.source, frame: self.frame(), reference, captured_us, sequence: 0 };
        let pieces = self.split(picture, stamp, self.timestamp_at(now), key);
        self.picture = (self.picture + 1) & 0x7FFF;
        self.frames += 1;
        pieces
    }

    /// TL0PICIDX and temporal layer of the next frame.
    fn next_layer(&mut self) -> Option<(u8, u8)> {
        let pattern = PATTERNS.get(self.plan.temporal_layers - 1).filter(|pattern| pattern.len() > 1)?;
        let temporal = pattern.get(self.pattern_at % pattern.len()).copied()?;
        self.pattern_at += 1;
        if temporal == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        Some((self.tl0, temporal))
    }

    fn next_reference(&mut self, key: bool, layer: Option<(u8, u8)>) -> u32 {
        let (frame, before) = (self.frame(), self.base);
        if layer.is_none_or(|(_, temporal)| temporal == 0) {
            self.base = frame;
        }
        if key { NONE } else { before }
    }

    fn frame(&self) -> u32 {
        self.first_frame + self.frames as u32
    }

    /// The frame's packets, of even size as browsers make them.
    fn split(&mut self, picture: Picture, stamp: Stamp, timestamp: u32, key: bool) -> Vec<Piece> {
        let bytes = self.weigh(key).max(payload::LEAST);
        let count = bytes.div_ceil(PAYLOAD_MAX);
        (0..count)
            .map(|index| {
                let picture = Picture { start: index == 0, key: key && index == 0, ..picture };
                let stamp = Stamp { sequence: self.sequence, ..stamp };
                let payload = payload::write_picture(&picture, &stamp, self.layer.size, bytes / count);
                self.sequence += 1;
                Piece { sequence: stamp.sequence, timestamp, marker: index + 1 == count, payload }
            })
            .collect()
    }

    fn weigh(&mut self, key: bool) -> usize {
        let mean = self.layer.bitrate_bps as f64 / 8.0 / f64::from(self.plan.fps);
        let varied = 1.0 + self.plan.variation * (2.0 * self.random.f64() - 1.0);
        let bytes = if key {
            mean * self.plan.keyframe_factor * varied
        } else {
            (mean * varied - self.owed * REPAY).max(mean * LEAST_SHARE)
        };
        self.owed = (self.owed + bytes - mean).max(0.0);
        bytes as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::epoch;

    /// The rate holds over key frames and variation, and packets stay small.
    #[test]
    fn an_encoder_holds_its_rate() {
        let (start, mut bytes) = (epoch(), 0);
        let plan = Camera { keyframe_every: Some(Duration::from_secs(2)), ..Camera::default() };
        let mut encoder = Encoder::new(plan, 0, 1, fastrand::Rng::with_seed(1), start, start);
        for _ in 0..900 {
            let now = encoder.next_frame();
            for piece in encoder.capture(now, now - start) {
                assert!(piece.payload.len() <= PAYLOAD_MAX);
                bytes += piece.payload.len();
            }
        }
        assert_eq!(encoder.keyframes, 15);
        let rate = bytes as f64 * 8.0 / 30.0;
        assert!((rate / 1_500_000.0 - 1.0).abs() < 0.1, "{rate}");
    }

    /// A frame of the base layer needs the last one of the base layer, and so does every upper frame.
    #[test]
    fn temporal_layers_reference_the_base() {
        let start = epoch();
        let plan = Camera { temporal_layers: 3, ..Camera::default() };
        let mut encoder = Encoder::new(plan, 0, 1, fastrand::Rng::with_seed(1), start, start);
        let seen: Vec<(u8, u32)> = (0..8)
            .map(|_| {
                let pieces = encoder.capture(encoder.next_frame(), Duration::ZERO);
                let (picture, stamp) = payload::read_picture(&pieces[0].payload).unwrap();
                (picture.layer.unwrap().1, stamp.reference)
            })
            .collect();
        assert_eq!(seen, [(0, NONE), (2, 0), (1, 0), (2, 0), (0, 0), (2, 4), (1, 4), (2, 4)]);
    }
}
