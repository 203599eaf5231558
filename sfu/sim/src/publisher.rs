//! A simulated browser that publishes: cameras and voices, repairs from its history, key frames when asked, sender reports.
//!
//! `world.rs` brings RTCP and the time, and sends what is returned. A camera is in `camera.rs`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sfu::command::{Codec, Kind, ReceiveTrack};
use sfu::rtp::header::{Elements, Outgoing};
use sfu::rtp::ntp::WallClock;
use sfu::rtp::rtcp::{self, Report, SenderInfo};

use crate::camera::{Camera, Encoder, Piece};
use crate::payload::{self, NONE, Stamp};
use crate::peer::{
    AUDIO_PT, H264_PT, H264_RTX_PT, LEVEL_EXTENSION, REPAIRED_RID_EXTENSION, RID_EXTENSION, RTX_PT, VIDEO_PT,
};

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
    /// Sound that is no voice, as of a stethoscope, as this track.
    Sound(u64),
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
    /// Its layers, lowest first.
    pub encodings: Vec<Encoding>,
    /// Key frame requests that arrived, of all layers.
    pub keyframes_asked: u64,
    codec: Codec,
}

/// One encoding of a camera.
#[derive(Debug)]
pub struct Encoding {
    /// Its encoder.
    pub encoder: Encoder,
    /// Whether it is sent; browsers drop layers that their line has no room for.
    pub active: bool,
    /// Bytes sent, of key frames and in all.
    pub keyframe_bytes: u64,
    /// Payload bytes sent.
    pub bytes: u64,
    /// Packets repeated.
    pub repeated: u64,
    ssrc: u32,
    /// Where there is more than one.
    rid: Option<&'static str>,
    codec: Codec,
    sent: Sent,
    history: VecDeque<Piece>,
    repair_sequence: u16,
    /// Its RTP clock and the camera's differ, as browsers' do.
    clock: u32,
}

/// A published voice.
#[derive(Debug)]
pub struct Voice {
    /// The track's number.
    pub track: u64,
    /// Packets sent.
    pub packets: u64,
    /// How loud it is, in −dBov; none where it does not tell.
    pub level: Option<u8>,
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

/// A track's SSRC; that of its first layer, and its RTX is one more. The others are ten apart.
pub fn ssrc(track: u64) -> u32 {
    track as u32 * 1000
}

/// The restriction ids of three layers, lowest first; no two tracks of one publisher have the same.
const RIDS: [[&str; 3]; 3] = [["q", "h", "f"], ["q1", "h1", "f1"], ["q2", "h2", "f2"]];

/// A camera's layers by their restriction ids; none where there is one layer.
fn rids(track: u64, plan: &Camera) -> Vec<&'static str> {
    let names = RIDS[track as usize % RIDS.len()];
    if plan.layers.len() > 1 { names[..plan.layers.len()].to_vec() } else { Vec::new() }
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
        rids: Vec::new(),
        voice_group: None,
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
            Self::Camera(track, plan) => {
                let h264 = plan.codec == Codec::H264;
                let rids = rids(*track, plan);
                let known = rids.is_empty().then(|| ssrc(*track));
                ReceiveTrack {
                    codec: plan.codec,
                    payload_type: if h264 { H264_PT } else { VIDEO_PT },
                    rtx_payload_type: Some(if h264 { H264_RTX_PT } else { RTX_PT }),
                    rids: rids.into_iter().map(Into::into).collect(),
                    ssrc: known,
                    rtx_ssrc: known.map(|ssrc| ssrc + 1),
                    ..video(*track)
                }
            }
            Self::Voice(track) => ReceiveTrack { voice_group: Some(1), ..audio(*track) },
            Self::Sound(track) => audio(*track),
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
                Media::Voice(track) | Media::Sound(track) => voices.push(Voice::new(track, random, now)),
            }
        }
        Self { pictures, voices, wall, next_report: now + REPORT }
    }

    /// When it wants to be woken.
    pub fn next_wake(&self) -> Instant {
        let pictures = self.pictures.iter().map(|picture| picture.encodings[0].encoder.next_frame());
        let voices = self.voices.iter().map(|voice| voice.next);
        pictures.chain(voices).fold(self.next_report, Instant::min)
    }

    /// Does what is due; `run` is the time since the run began.
    pub fn wake(&mut self, now: Instant, run: Duration) -> Vec<Send> {
        let mut out = Vec::new();
        for voice in self.voices.iter_mut().filter(|voice| voice.next <= now) {
            out.push(voice.speak(run));
        }
        for picture in self.pictures.iter_mut().filter(|picture| picture.encodings[0].encoder.next_frame() <= now) {
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
                if let Some(picture) = self.pictures.iter_mut().find(|picture| picture.has(media)) {
                    picture.on_keyframe_request(media, now);
                }
            }
            Report::Nack { media, pairs } => {
                let encodings = self.pictures.iter_mut().flat_map(|picture| &mut picture.encodings);
                if let Some(encoding) = encodings.into_iter().find(|encoding| encoding.ssrc == media) {
                    rtcp::nacked(pairs).for_each(|sequence| out.extend(encoding.repeat(sequence)));
                }
            }
            _ => {}
        };
        rtcp::parse(compound, each).expect("the engine's RTCP reads");
        out
    }

    fn report(&self, now: Instant) -> Vec<u8> {
        let (mut out, ntp) = (Vec::new(), self.wall.at(now));
        let encodings = self.pictures.iter().flat_map(|picture| &picture.encodings);
        let pictures = encodings.map(|one| (one.ssrc, one.timestamp_at(now), &one.sent));
        let voices = self.voices.iter().map(|one| (ssrc(one.track), one.timestamp_at(now), &one.sent));
        for (ssrc, rtp, sent) in pictures.chain(voices) {
            let info = SenderInfo { ntp, rtp, packets: sent.packets, bytes: sent.bytes };
            rtcp::write_sender_report(&mut out, ssrc, &info, "publisher");
        }
        out
    }
}

impl Picture {
    fn new(track: u64, plan: Camera, mut random: fastrand::Rng, now: Instant) -> Self {
        let (codec, rids) = (plan.codec, rids(track, &plan));
        let first = now + Duration::from_secs(1).div_f64(f64::from(plan.fps)).mul_f64(random.f64());
        let encodings = (0..plan.layers.len())
            .map(|index| Encoding {
                encoder: Encoder::new(plan.clone(), index, track, random.fork(), now, first),
                active: true,
                keyframe_bytes: 0,
                bytes: 0,
                repeated: 0,
                ssrc: ssrc(track) + 10 * index as u32,
                rid: rids.get(index).copied(),
                codec,
                sent: Sent::default(),
                history: VecDeque::new(),
                repair_sequence: 0,
                clock: random.u32(..),
            })
            .collect();
        Self { track, encodings, keyframes_asked: 0, codec }
    }

    fn has(&self, ssrc: u32) -> bool {
        self.encodings.iter().any(|encoding| encoding.ssrc == ssrc)
    }

    /// A request on one layer keys every layer of VP8, and only that one of H.264. Source: interop.md, "Chromium".
    fn on_keyframe_request(&mut self, ssrc: u32, now: Instant) {
        self.keyframes_asked += 1;
        let joint = self.codec == Codec::Vp8;
        for encoding in self.encodings.iter_mut().filter(|encoding| joint || encoding.ssrc == ssrc) {
            encoding.encoder.want_keyframe(now);
        }
    }

    fn capture(&mut self, now: Instant, run: Duration, out: &mut Vec<Send>) {
        for encoding in &mut self.encodings {
            encoding.capture(self.track, now, run, out);
        }
    }
}

impl Encoding {
    fn capture(&mut self, track: u64, now: Instant, run: Duration, out: &mut Vec<Send>) {
        let before = self.encoder.keyframes;
        let pieces = self.encoder.capture(now, run);
        if !self.active {
            return self.encoder.want_keyframe(now); // it comes back with one
        }
        let key = self.encoder.keyframes > before;
        for piece in pieces {
            let bytes = piece.payload.len() as u64;
            self.bytes += bytes;
            self.keyframe_bytes += if key { bytes } else { 0 };
            self.sent.packets = self.sent.packets.wrapping_add(1);
            self.sent.bytes = self.sent.bytes.wrapping_add(bytes as u32);
            let first = Some((track, piece.sequence));
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
            payload_type: if self.codec == Codec::H264 { H264_PT } else { VIDEO_PT },
            sequence: piece.sequence as u16,
            timestamp: piece.timestamp.wrapping_add(self.clock),
            ssrc: self.ssrc,
            extensions: self.names(RID_EXTENSION),
        }
    }

    /// The element that names its layer; the writer takes any text by the mid's place.
    fn names(&self, id: u8) -> Elements<'static> {
        Elements { mid: self.rid.map(|rid| (id, rid.as_bytes())), ..Elements::default() }
    }

    fn timestamp_at(&self, now: Instant) -> u32 {
        self.encoder.timestamp_at(now).wrapping_add(self.clock)
    }

    /// The packet again, by RTX, if it is remembered.
    fn repeat(&mut self, sequence: u16) -> Option<Send> {
        let piece = self.history.iter().find(|piece| piece.sequence as u16 == sequence)?;
        let mut payload = sequence.to_be_bytes().to_vec();
        payload.extend_from_slice(&piece.payload);
        let header = Outgoing {
            payload_type: if self.codec == Codec::H264 { H264_RTX_PT } else { RTX_PT },
            ssrc: self.ssrc + 1,
            sequence: self.repair_sequence,
            extensions: self.names(REPAIRED_RID_EXTENSION),
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
        Self { track, packets: 0, level: Some(60), first, begun: next, next, sent: Sent::default() }
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
            extensions: Elements {
                audio_level: self.level.map(|level| (LEVEL_EXTENSION, level)),
                ..Elements::default()
            },
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
