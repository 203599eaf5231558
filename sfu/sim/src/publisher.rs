//! A simulated browser that publishes: cameras and voices, repairs from its history, key frames when asked, sender reports.
//!
//! `world.rs` brings RTCP and the time, and sends what is returned. A camera is in `camera.rs`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sfu::command::{Codec, Kind, ReceiveTrack};
use sfu::rtp::header::Outgoing;
use sfu::rtp::ntp::WallClock;
use sfu::rtp::rtcp::{self, Report, SenderInfo};

use crate::camera::{Camera, Encoder, Piece};
use crate::payload::{self, NONE, Stamp};
use crate::peer::{AUDIO_PT, RTX_PT, VIDEO_PT};

/// Packets that can be repeated. Source: libwebrtc's history of a second, at 5 Mbit/s.
const HISTORY: usize = 600;
/// Opus packets of 20 ms.
const VOICE_STEP: Duration = Duration::from_millis(20);
/// Opus at 32 kbit/s.
const VOICE_BYTES: usize = 80;
/// Reports, once a second as browsers send theirs.
const REPORT: Duration = Duration::from_secs(1);
/// Publishers' clocks differ from the server's by up to so much.
const CLOCK_MAX: Duration = Duration::from_secs(5);

/// A track to publish.
#[derive(Debug, Clone)]
pub enum Media {
    /// A camera as this track.
    Camera(u64, Camera),
    /// A voice as this track.
    Voice(u64),
}

/// A packet to send.
#[derive(Debug)]
pub enum Send {
    /// RTP; of a packet's first sending also its source and number.
    Rtp(Outgoing<'static>, Vec<u8>, Option<(u64, u64)>),
    /// An RTCP compound.
    Rtcp(Vec<u8>),
}

/// A published camera.
#[derive(Debug)]
pub struct Picture {
    /// The track's number.
    pub track: u64,
    /// Its encoder.
    pub encoder: Encoder,
    /// Key frame requests that arrived.
    pub keyframes_asked: u64,
    /// Packets repeated.
    pub repeated: u64,
    sent: Sent,
    history: VecDeque<Piece>,
    repair_sequence: u16,
}

/// A published voice.
#[derive(Debug)]
pub struct Voice {
    /// The track's number.
    pub track: u64,
    /// Packets sent.
    pub packets: u64,
    first: u64,
    begun: Instant,
    next: Instant,
    sent: Sent,
}

#[derive(Debug, Default)]
struct Sent {
    packets: u32,
    bytes: u32,
}

/// A publisher.
#[derive(Debug)]
pub struct Publisher {
    /// Its cameras.
    pub pictures: Vec<Picture>,
    /// Its voices.
    pub voices: Vec<Voice>,
    wall: WallClock,
    next_report: Instant,
}

/// A track's SSRC.
pub fn ssrc(track: u64) -> u32 {
    track as u32 * 1000
}

/// A camera's track as it was negotiated: VP8 with RTX, SSRC 1000 × track and one more.
pub fn video(track: u64) -> ReceiveTrack {
    ReceiveTrack {
        track,
        mid: format!("m{track}"),
        kind: Kind::Video,
        codec: Codec::Vp8,
        payload_type: VIDEO_PT,
        clock_rate: 90_000,
        rtx_payload_type: Some(RTX_PT),
        ssrc: Some(ssrc(track)),
        rtx_ssrc: Some(ssrc(track) + 1),
        nack: true,
        pli: true,
        remb: true,
    }
}

/// A voice's track as it was negotiated: Opus without NACK.
pub fn audio(track: u64) -> ReceiveTrack {
    ReceiveTrack {
        kind: Kind::Audio,
        codec: Codec::Opus,
        payload_type: AUDIO_PT,
        clock_rate: 48_000,
        rtx_payload_type: None,
        rtx_ssrc: None,
        nack: false,
        pli: false,
        remb: false,
        ..video(track)
    }
}

impl Media {
    /// The track as it was negotiated.
    pub fn negotiated(&self) -> ReceiveTrack {
        match self {
            Self::Camera(track, _) => video(*track),
            Self::Voice(track) => audio(*track),
        }
    }
}

impl Publisher {
    /// A publisher of `media`, whose clock is not the server's.
    pub fn new(media: Vec<Media>, mut wall: WallClock, random: &mut fastrand::Rng, now: Instant) -> Self {
        wall.ntp = wall.ntp.offset((CLOCK_MAX.as_nanos() as f64 * (2.0 * random.f64() - 1.0)) as i64);
        let (mut pictures, mut voices) = (Vec::new(), Vec::new());
        for media in media {
            match media {
                Media::Camera(track, plan) => pictures.push(Picture::new(track, plan, random.fork(), now)),
                Media::Voice(track) => voices.push(Voice::new(track, random, now)),
            }
        }
        Self { pictures, voices, wall, next_report: now + REPORT }
    }

    /// When it wants to be woken.
    pub fn next_wake(&self) -> Instant {
        let pictures = self.pictures.iter().map(|picture| picture.encoder.next_frame());
        let voices = self.voices.iter().map(|voice| voice.next);
        pictures.chain(voices).fold(self.next_report, Instant::min)
    }

    /// Does what is due; `run` is the time since the run began.
    pub fn wake(&mut self, now: Instant, run: Duration) -> Vec<Send> {
        let mut out = Vec::new();
        for voice in self.voices.iter_mut().filter(|voice| voice.next <= now) {
            out.push(voice.speak(run));
        }
        for picture in self.pictures.iter_mut().filter(|picture| picture.encoder.next_frame() <= now) {
            picture.capture(now, run, &mut out);
        }
        if self.next_report <= now {
            self.next_report = now + REPORT;
            out.push(Send::Rtcp(self.report(now)));
        }
        out
    }

    /// The node's RTCP arrived.
    ///
    /// # Panics
    /// On RTCP that does not read.
    pub fn on_rtcp(&mut self, compound: &[u8], now: Instant) -> Vec<Send> {
        let mut out = Vec::new();
        let each = |report: Report<'_>| match report {
            Report::Keyframe { media } => {
                if let Some(picture) = self.pictures.iter_mut().find(|picture| ssrc(picture.track) == media) {
                    picture.keyframes_asked += 1;
                    picture.encoder.want_keyframe(now);
                }
            }
            Report::Nack { media, pairs } => {
                if let Some(picture) = self.pictures.iter_mut().find(|picture| ssrc(picture.track) == media) {
                    rtcp::nacked(pairs).for_each(|sequence| out.extend(picture.repeat(sequence)));
                }
            }
            _ => {}
        };
        rtcp::parse(compound, each).expect("the engine's RTCP reads");
        out
    }

    fn report(&self, now: Instant) -> Vec<u8> {
        let (mut out, ntp) = (Vec::new(), self.wall.at(now));
        let pictures = self.pictures.iter().map(|one| (one.track, one.encoder.timestamp_at(now), &one.sent));
        let voices = self.voices.iter().map(|one| (one.track, one.timestamp_at(now), &one.sent));
        for (track, rtp, sent) in pictures.chain(voices) {
            let info = SenderInfo { ntp, rtp, packets: sent.packets, bytes: sent.bytes };
            rtcp::write_sender_report(&mut out, ssrc(track), &info, "publisher");
        }
        out
    }
}

impl Picture {
    fn new(track: u64, plan: Camera, random: fastrand::Rng, now: Instant) -> Self {
        let encoder = Encoder::new(plan, track, random, now);
        let (sent, history) = (Sent::default(), VecDeque::new());
        Self { track, encoder, keyframes_asked: 0, repeated: 0, sent, history, repair_sequence: 0 }
    }

    fn capture(&mut self, now: Instant, run: Duration, out: &mut Vec<Send>) {
        for piece in self.encoder.capture(now, run) {
            self.sent.packets = self.sent.packets.wrapping_add(1);
            self.sent.bytes = self.sent.bytes.wrapping_add(piece.payload.len() as u32);
            let first = Some((self.track, piece.sequence));
            out.push(Send::Rtp(self.header(&piece), piece.payload.clone(), first));
            self.history.push_back(piece);
        }
        while self.history.len() > HISTORY {
            self.history.pop_front();
        }
    }

    fn header(&self, piece: &Piece) -> Outgoing<'static> {
        Outgoing {
            marker: piece.marker,
            payload_type: VIDEO_PT,
            sequence: piece.sequence as u16,
            timestamp: piece.timestamp,
            ssrc: ssrc(self.track),
            mid: None,
        }
    }

    /// The packet again, by RTX, if it is remembered.
    fn repeat(&mut self, sequence: u16) -> Option<Send> {
        let piece = self.history.iter().find(|piece| piece.sequence as u16 == sequence)?;
        let mut payload = sequence.to_be_bytes().to_vec();
        payload.extend_from_slice(&piece.payload);
        let header = Outgoing {
            payload_type: RTX_PT,
            ssrc: ssrc(self.track) + 1,
            sequence: self.repair_sequence,
            ..self.header(piece)
        };
        self.repair_sequence = self.repair_sequence.wrapping_add(1);
        self.repeated += 1;
        Some(Send::Rtp(header, payload, None))
    }
}

impl Voice {
    fn new(track: u64, random: &mut fastrand::Rng, now: Instant) -> Self {
        let next = now + VOICE_STEP.mul_f64(random.f64());
        let first = (1 << 16) + u64::from(random.u16(..));
        Self { track, packets: 0, first, begun: next, next, sent: Sent::default() }
    }

    fn speak(&mut self, run: Duration) -> Send {
        let sequence = self.first + self.packets;
        let captured_us = run.as_micros() as u64;
        let frame = self.packets as u32;
        let stamp = Stamp { source: self.track, frame, reference: NONE, captured_us, sequence };
        let header = Outgoing {
            marker: self.packets == 0,
            payload_type: AUDIO_PT,
            sequence: sequence as u16,
            timestamp: self.timestamp_at(self.next),
            ssrc: ssrc(self.track),
            mid: None,
        };
        self.packets += 1;
        self.next += VOICE_STEP;
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.bytes = self.sent.bytes.wrapping_add(VOICE_BYTES as u32);
        Send::Rtp(header, payload::write_voice(&stamp, VOICE_BYTES), Some((self.track, sequence)))
    }

    fn timestamp_at(&self, now: Instant) -> u32 {
        (now.saturating_duration_since(self.begun).as_nanos() * 48_000 / 1_000_000_000) as u32
    }
}
