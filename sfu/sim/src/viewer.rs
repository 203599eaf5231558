//! A simulated browser that watches: it decodes, asks for what is missing, and reports.
//!
//! `world.rs` brings plaintext packets and the time, and sends what is returned.

use std::time::{Duration, Instant};

use sfu::forward::nack::NackGenerator;
use sfu::rtp::header::Header;
use sfu::rtp::rtcp::{self, Report};
use sfu::rtp::sequence::Unwrapper;

use crate::decoder::{Decoder, Part};
use crate::estimator::Estimator;
use crate::numbers::Numbers;
use crate::payload;
use crate::peer::{AUDIO_PT, H264_RTX_PT, RTX_PT, SEND_TIME_EXTENSION};
use crate::reception::Reception;

/// How often a browser looks at what is missing. Source: libwebrtc's NACK requester, 20 ms.
const TICK: Duration = Duration::from_millis(20);
/// Reports, once a second as browsers send theirs.
const REPORT: Duration = Duration::from_secs(1);
/// A picture that waits so long wants a key frame: several repairs would have come.
const PATIENCE: Duration = Duration::from_millis(300);
/// The SSRC that a browser which sends nothing reports with.
const OUR_SSRC: u32 = 1;

/// One picture that is watched.
#[derive(Debug, Default)]
pub struct Screen {
    /// Frames.
    pub decoder: Decoder,
    /// Packets' numbers.
    pub numbers: Numbers,
    /// Packets received, retransmissions not counted.
    pub packets: u64,
    /// Retransmissions received.
    pub repairs: u64,
    /// Key frames asked for.
    pub keyframes_asked: u64,
    /// Sequence numbers asked for.
    pub nacked: u64,
    /// What is reported.
    pub reception: Reception,
    ssrc: u32,
    rtx_ssrc: u32,
    unwrapper: Unwrapper,
    nack: NackGenerator,
    asked: Option<Instant>,
    lost_track: bool,
}

/// One voice that is heard.
#[derive(Debug, Default)]
pub struct Voice {
    /// Packets' numbers.
    pub numbers: Numbers,
    /// Packets received.
    pub packets: u64,
    /// The longest way from capture to arrival.
    pub delay_max: Duration,
    /// What is reported.
    pub reception: Reception,
    ssrc: u32,
    unwrapper: Unwrapper,
}

/// A viewer.
#[derive(Debug)]
pub struct Viewer {
    /// Its pictures, by slot.
    pub screens: Vec<Screen>,
    /// Its voices, by slot.
    pub voices: Vec<Voice>,
    /// Streams of which the engine said goodbye.
    pub byes: u64,
    /// What it tells as its estimate, if anything.
    pub remb_bps: Option<u64>,
    /// How it comes to its estimate, where it is not the story that tells.
    pub estimator: Option<Estimator>,
    next_tick: Instant,
    next_report: Instant,
}

impl Viewer {
    /// A viewer of as many pictures (SSRC and SSRC of the repairs) and voices.
    pub fn new(screens: &[(u32, u32)], voices: &[u32], now: Instant) -> Self {
        let screen = |(ssrc, rtx_ssrc): &(u32, u32)| Screen { ssrc: *ssrc, rtx_ssrc: *rtx_ssrc, ..Screen::default() };
        Self {
            screens: screens.iter().map(screen).collect(),
            voices: voices.iter().map(|ssrc| Voice { ssrc: *ssrc, ..Voice::default() }).collect(),
            byes: 0,
            remb_bps: None,
            estimator: None,
            next_tick: now + TICK,
            next_report: now + REPORT,
        }
    }

    /// When it wants to be woken.
    pub fn next_wake(&self) -> Instant {
        self.next_tick.min(self.next_report)
    }

    /// A packet arrived; `run` is the time since the run began.
    ///
    /// # Panics
    /// On a packet that no browser would take: the engine must not send one.
    pub fn on_rtp(&mut self, packet: &[u8], now: Instant, run: Duration) {
        let header = Header::parse(packet).expect("the engine's header reads");
        let payload = packet.get(header.payload.clone()).unwrap_or_default();
        if let Some(voice) = self.voices.iter_mut().find(|voice| voice.ssrc == header.ssrc) {
            assert_eq!(header.payload_type, AUDIO_PT);
            return voice.on_media(&header, payload, now, run);
        }
        if let Some(estimator) = &mut self.estimator {
            estimator.on_packet(packet.len(), header.extension(packet, SEND_TIME_EXTENSION), run);
        }
        let known = |screen: &&mut Screen| header.ssrc == screen.ssrc || header.ssrc == screen.rtx_ssrc;
        let screen = self.screens.iter_mut().find(known).expect("the engine sends what was negotiated");
        if header.ssrc == screen.rtx_ssrc {
            assert!([RTX_PT, H264_RTX_PT].contains(&header.payload_type));
            screen.on_repair(&header, payload, now, run);
        } else {
            screen.on_media(&header, payload, now, run);
        }
    }

    /// The node's RTCP arrived.
    pub fn on_rtcp(&mut self, compound: &[u8], now: Instant) {
        let each = |report: Report<'_>| {
            self.byes += u64::from(matches!(report, Report::Bye { .. }));
            let Report::Sender { ssrc, ntp, .. } = report else { return };
            let screens = self.screens.iter_mut().map(|screen| (screen.ssrc, &mut screen.reception));
            let voices = self.voices.iter_mut().map(|voice| (voice.ssrc, &mut voice.reception));
            if let Some((_, reception)) = screens.chain(voices).find(|(own, _)| *own == ssrc) {
                reception.on_sender_report(ntp, now);
            }
        };
        rtcp::parse(compound, each).expect("the engine's RTCP reads");
    }

    /// Does what is due, and returns RTCP compounds to send.
    pub fn wake(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        if self.next_tick <= now {
            self.next_tick = now + TICK;
            out.extend(self.screens.iter_mut().filter_map(|screen| screen.ask(now)));
        }
        if self.next_report <= now {
            self.next_report = now + REPORT;
            out.push(self.report(now));
        }
        out
    }

    fn report(&mut self, now: Instant) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(estimator) = &mut self.estimator {
            self.remb_bps = Some(estimator.look());
        }
        let screens = self.screens.iter_mut().map(|screen| (screen.ssrc, &mut screen.reception));
        let voices = self.voices.iter_mut().map(|voice| (voice.ssrc, &mut voice.reception));
        let blocks: Vec<_> = screens.chain(voices).filter_map(|(ssrc, reception)| reception.block(ssrc, now)).collect();
        rtcp::write_receiver_report(&mut out, OUR_SSRC, &blocks, "viewer");
        if let Some(bitrate) = self.remb_bps {
            let ssrcs: Vec<u32> = self.screens.iter().map(|screen| screen.ssrc).collect();
            rtcp::write_remb(&mut out, OUR_SSRC, bitrate, &ssrcs);
        }
        out
    }
}

impl Screen {
    fn on_media(&mut self, header: &Header, payload: &[u8], now: Instant, run: Duration) {
        self.packets += 1;
        let sequence = self.unwrapper.unwrap(header.sequence);
        self.reception.on_packet(sequence, header.timestamp, 90_000, now);
        self.take(sequence, header, payload, now, run);
    }

    /// A repeated packet: its number, and then what it was (RFC 4588 §4).
    fn on_repair(&mut self, header: &Header, payload: &[u8], now: Instant, run: Duration) {
        self.repairs += 1;
        let (number, media) = payload.split_first_chunk::<2>().expect("the engine repeats no padding");
        let sequence = self.unwrapper.unwrap(u16::from_be_bytes(*number));
        self.take(sequence, header, media, now, run);
    }

    fn take(&mut self, sequence: u64, header: &Header, payload: &[u8], now: Instant, run: Duration) {
        self.lost_track |= self.nack.on_packet(sequence, now);
        if payload.is_empty() {
            return self.numbers.on_blank(sequence);
        }
        let (picture, stamp) = payload::read_picture(payload).expect("a simulated picture");
        if self.numbers.on_packet(sequence, header.timestamp, Some(&picture), &stamp) {
            let part = Part { sequence, timestamp: header.timestamp, marker: header.marker, picture, stamp };
            self.decoder.on_part(part, now, run);
        }
    }

    /// Makes it ask for a key frame, whatever it has.
    pub fn insist(&mut self) {
        self.lost_track = true;
    }

    /// What is missing, and a key frame where nothing else helps.
    fn ask(&mut self, now: Instant) -> Option<Vec<u8>> {
        let mut missing = Vec::new();
        self.nack.due(now, &mut missing);
        self.nacked += missing.len() as u64;
        let stalled = self.decoder.stalled().is_some_and(|since| now.duration_since(since) >= PATIENCE);
        let again = self.asked.is_none_or(|asked| now.duration_since(asked) >= PATIENCE);
        let wants = (stalled || self.lost_track) && again;
        if missing.is_empty() && !wants {
            return None;
        }
        let mut out = Vec::new();
        rtcp::write_receiver_report(&mut out, OUR_SSRC, &[], "viewer");
        if !missing.is_empty() {
            rtcp::write_nack(&mut out, OUR_SSRC, self.ssrc, missing.into_iter());
        }
        if wants {
            rtcp::write_pli(&mut out, OUR_SSRC, self.ssrc);
            self.keyframes_asked += 1;
            self.asked = Some(now);
            self.lost_track = false;
        }
        Some(out)
    }
}

impl Voice {
    fn on_media(&mut self, header: &Header, payload: &[u8], now: Instant, run: Duration) {
        self.packets += 1;
        let sequence = self.unwrapper.unwrap(header.sequence);
        self.reception.on_packet(sequence, header.timestamp, 48_000, now);
        let stamp = payload::read_voice(payload).expect("a simulated voice");
        self.numbers.on_packet(sequence, header.timestamp, None, &stamp);
        self.delay_max = self.delay_max.max(run.saturating_sub(Duration::from_micros(stamp.captured_us)));
    }
}
