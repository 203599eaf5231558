//! What a peer publishes: its tracks, their stores, and what is owed to the publisher (reports, NACKs, key frame requests).
//!
//! `node/ingress.rs` brings plaintext packets here; what was stored is announced to the track's subscribers.

use std::time::Instant;

use rustc_hash::FxHashMap;

use super::keyframes::Keyframes;
use super::nack::NackGenerator;
use super::store::{AUDIO_CAPACITY, Meta, Store, VIDEO_CAPACITY};
use crate::command::{Codec, Kind, ReceiveTrack};
use crate::drops::DropReason;
use crate::rtp::bytes::u16_at;
use crate::rtp::h264;
use crate::rtp::header::Header;
use crate::rtp::ntp::{Ntp, WallClock};
use crate::rtp::rtcp::ReportBlock;
use crate::rtp::sequence::Unwrapper;
use crate::rtp::twcc::Arrivals;
use crate::rtp::vp8;

/// Tracks that one peer may publish: a site's cameras and devices, and some to spare. Each video track holds a store.
pub const TRACKS_MAX: usize = 16;

/// Where a track's packets go: the subscriber's connection and its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The connection's key in the node.
    pub connection: usize,
    /// The slot's index in the connection.
    pub slot: usize,
}

/// The publishing side of a connection.
#[derive(Debug, Default)]
pub struct Up {
    /// Keys of its tracks in the node.
    pub tracks: Vec<usize>,
    /// Id of the mid header extension.
    pub mid_extension: Option<u8>,
    /// Id of the transport-wide sequence number's header extension, where its feedback was negotiated.
    pub transport_cc_extension: Option<u8>,
    /// When the peer's packets arrived, for its own estimate.
    pub arrivals: Arrivals,
    /// When transport-wide feedback was last sent.
    pub feedback_sent: Option<Instant>,
    /// SSRCs that are known: the track's key, and whether they carry retransmissions.
    pub ssrcs: FxHashMap<u32, (usize, bool)>,
    /// Server's wall clock less the publisher's, latched at its first sender report, so that sound and picture keep together.
    pub clock_offset_nanos: Option<i64>,
    /// When the next receiver report is due; none before the first packet.
    pub report_due: Option<Instant>,
}

impl Up {
    /// Binds an SSRC to a track; the one that it had for the same purpose is forgotten.
    pub fn bind(&mut self, ssrc: u32, track: usize, repair: bool) {
        self.ssrcs.retain(|_, bound| *bound != (track, repair));
        self.ssrcs.insert(ssrc, (track, repair));
    }

    /// The publisher's time on the server's clock; latches the offset, anew when the publisher's clock jumped by a second.
    pub fn on_clock(&mut self, publisher: Ntp, server: Ntp) -> Ntp {
        let offset = server.nanos_since(publisher);
        match self.clock_offset_nanos {
            Some(latched) if offset.abs_diff(latched) < 1_000_000_000 => {}
            _ => self.clock_offset_nanos = Some(offset),
        }
        publisher.offset(self.clock_offset_nanos.unwrap_or(offset))
    }
}

/// A published track.
#[derive(Debug)]
pub struct Track {
    /// What was negotiated.
    pub config: ReceiveTrack,
    /// The publisher's connection.
    pub connection: usize,
    /// The SSRC of its media, once known.
    pub ssrc: Option<u32>,
    /// Its packets.
    pub store: Store,
    /// Who takes it.
    pub subscribers: Vec<Subscription>,
    /// What is missing.
    pub nack: NackGenerator,
    /// Its key frames, and who waits for one.
    pub keyframes: Keyframes,
    /// Whether media of it has come.
    pub live: bool,
    /// A moment on the server's wall clock and the RTP timestamp of it, from the last sender report.
    pub clock: Option<(Ntp, u32)>,
    /// Reception statistics.
    pub reception: Reception,
    unwrapper: Unwrapper,
}

impl Track {
    /// A track without packets.
    pub fn new(config: ReceiveTrack, connection: usize) -> Self {
        let capacity = if config.kind == Kind::Video { VIDEO_CAPACITY } else { AUDIO_CAPACITY };
        Self {
            ssrc: config.ssrc,
            config,
            connection,
            store: Store::new(capacity),
            subscribers: Vec::new(),
            nack: NackGenerator::default(),
            keyframes: Keyframes::default(),
            live: false,
            clock: None,
            reception: Reception::default(),
            unwrapper: Unwrapper::default(),
        }
    }

    /// The publisher goes on with another SSRC: numbers begin anew, and the old packets are of no more use.
    pub fn restart(&mut self, ssrc: u32) {
        self.ssrc = Some(ssrc);
        self.store.clear();
        self.nack = NackGenerator::default();
        self.reception = Reception::default();
        self.unwrapper = Unwrapper::default();
        self.clock = None;
    }

    /// Stores a media packet; returns its extended sequence number and whether a key frame starts with it.
    ///
    /// Errors: `Duplicate`, `PayloadMalformed`.
    pub fn on_media(&mut self, packet: &[u8], header: &Header, now: Instant) -> Result<(u64, bool), DropReason> {
        let payload = packet.get(header.payload.clone()).unwrap_or_default();
        let sequence = self.unwrapper.unwrap(header.sequence);
        self.reception.on_packet(sequence, header.timestamp, packet.len(), self.config.clock_rate, now);
        self.keep(sequence, header, payload, now)
    }

    /// Stores the original of a retransmission (RFC 4588 §4).
    ///
    /// Errors: `RtxEmpty` for a padding probe, and those of `on_media`.
    pub fn on_repair(&mut self, packet: &[u8], header: &Header, now: Instant) -> Result<(u64, bool), DropReason> {
        let payload = packet.get(header.payload.clone()).unwrap_or_default();
        let original = u16_at(payload, 0).ok_or(DropReason::RtxEmpty)?;
        let media = payload.get(2..).filter(|media| !media.is_empty()).ok_or(DropReason::RtxEmpty)?;
        let sequence = self.unwrapper.unwrap(original);
        let kept = self.keep(sequence, header, media, now)?;
        self.reception.repaired += 1;
        Ok(kept)
    }

    fn keep(
        &mut self,
        sequence: u64,
        header: &Header,
        payload: &[u8],
        now: Instant,
    ) -> Result<(u64, bool), DropReason> {
        if self.config.nack && self.nack.on_packet(sequence, now) {
            self.keyframes.want();
        }
        if payload.is_empty() {
            // A padding packet keeps its number in the stream: it is stored so that it is forwarded as what it is.
            self.store.insert(meta(sequence, header, None), payload)?;
            return Ok((sequence, false));
        }
        let (vp8, keyframe) = match self.config.codec {
            Codec::Vp8 => {
                let descriptor = vp8::Descriptor::parse(payload)?;
                (Some(descriptor), descriptor.keyframe_start)
            }
            Codec::H264 => (None, h264::keyframe_start(payload)?),
            Codec::Opus => (None, false),
        };
        self.store.insert(meta(sequence, header, vp8), payload)?;
        self.keyframes.on_packet(header.timestamp, payload.len(), keyframe, now);
        Ok((sequence, keyframe))
    }

    /// Notes a sender report that arrived at `now`.
    pub fn on_sender_report(&mut self, up: &mut Up, ntp: Ntp, rtp: u32, wall: &WallClock, now: Instant) {
        self.clock = Some((up.on_clock(ntp, wall.at(now)), rtp));
        self.reception.sender_report = Some((ntp.middle(), now));
    }

    /// The track's RTP timestamp at `time` on the server's wall clock, before any rewriting.
    pub fn timestamp_at(&self, time: Ntp) -> Option<u32> {
        let (reference, rtp) = self.clock?;
        let units = i128::from(time.nanos_since(reference)) * i128::from(self.config.clock_rate) / 1_000_000_000;
        Some(rtp.wrapping_add(units as u32))
    }
}

fn meta(sequence: u64, header: &Header, vp8: Option<vp8::Descriptor>) -> Meta {
    Meta { sequence, timestamp: header.timestamp, marker: header.marker, vp8 }
}

/// Reception statistics of one SSRC. Source: RFC 3550 A.1, A.3, A.8.
#[derive(Debug, Default)]
pub struct Reception {
    /// Media packets received.
    pub packets: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Retransmissions received.
    pub repaired: u64,
    first: Option<u64>,
    newest: u64,
    jitter: f64,
    transit: Option<(Instant, u32)>,
    prior: (u64, u64),
    sender_report: Option<(u32, Instant)>,
}

impl Reception {
    fn on_packet(&mut self, sequence: u64, timestamp: u32, bytes: usize, clock_rate: u32, now: Instant) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.first.get_or_insert(sequence);
        if sequence < self.newest {
            return;
        }
        self.newest = sequence;
        if let Some((then, before)) = self.transit.replace((now, timestamp)) {
            let arrived = now.duration_since(then).as_secs_f64() * f64::from(clock_rate);
            let sent = f64::from(timestamp.wrapping_sub(before) as i32);
            self.jitter += ((arrived - sent).abs() - self.jitter) / 16.0;
        }
    }

    /// Interarrival jitter, in timestamp units.
    pub fn jitter(&self) -> u32 {
        self.jitter as u32
    }

    /// Packets lost so far; duplicates count against it, as RFC 3550 §6.4.1 has it.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.packets)
    }

    fn expected(&self) -> u64 {
        self.first.map_or(0, |first| self.newest - first + 1)
    }

    /// The report block for `ssrc`; the fraction lost is since the last call.
    pub fn block(&mut self, ssrc: u32, now: Instant) -> ReportBlock {
        let (expected, received) = (self.expected(), self.packets);
        let (prior_expected, prior_received) = std::mem::replace(&mut self.prior, (expected, received));
        let interval = expected - prior_expected;
        let lost = interval.saturating_sub(received - prior_received);
        let delay = self.sender_report.map_or(0, |(_, at)| (now.duration_since(at).as_secs_f64() * 65_536.0) as u32);
        ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8,
            lost: self.lost().min(0x7F_FFFF) as u32,
            highest: self.newest as u32,
            jitter: self.jitter(),
            last_sender_report: self.sender_report.map_or(0, |(middle, _)| middle),
            delay,
        }
    }
}
