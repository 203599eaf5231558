//! One encoding of a track: an SSRC with its packets, what it lacks, its clock, its size and what it costs.
//!
//! `publisher.rs` finds the layer; a track without simulcast has one.

use std::time::{Duration, Instant};

use super::choice::{Rung, TEMPORAL};
use super::nack::NackGenerator;
use super::reception::Reception;
use super::store::{AUDIO_CAPACITY, Meta, Store, VIDEO_CAPACITY};
use crate::command::{Codec, Extensions, Kind, ReceiveTrack};
use crate::drops::DropReason;
use crate::rtp::bytes::{u8_at, u16_at};
use crate::rtp::header::Header;
use crate::rtp::ntp::Ntp;
use crate::rtp::sequence::Unwrapper;
use crate::rtp::{h264, vp8};

/// Costs are measured over this time, and smoothed. Key frames are left out: they are not the picture's rate.
const MEASURED: Duration = Duration::from_millis(500);
/// The newest measure's share.
const SMOOTHED: f64 = 0.3;
/// Bytes of a packet beside RTP: IPv4, UDP and the tag.
const OVERHEAD: usize = 20 + 8 + 16;

/// A packet that was stored.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// What is known of it.
    pub meta: Meta,
    /// Its payload's bytes.
    pub bytes: usize,
    /// Whether so much is missing before it that only a key frame helps.
    pub broken: bool,
}

/// One encoding.
#[derive(Debug)]
pub struct Layer {
    /// Its restriction id; empty where there is no simulcast. Source: RFC 8851.
    pub rid: Box<str>,
    /// The SSRC of its media, once known.
    pub ssrc: Option<u32>,
    /// Its packets.
    pub store: Store,
    /// What is missing.
    pub nack: NackGenerator,
    /// A moment on the server's wall clock and the RTP timestamp of it, from the last sender report.
    pub clock: Option<(Ntp, u32)>,
    /// Reception statistics.
    pub reception: Reception,
    /// Width and height of its pictures, from its newest key frame.
    pub size: Option<(u16, u16)>,
    /// When media of it last came.
    pub heard: Option<Instant>,
    rate: Rate,
    unwrapper: Unwrapper,
    pictures: Pictures,
    parameter_sets: bool,
    /// The newest key frame's timestamp.
    keyframe: Option<u32>,
}

/// Picture ids without roll-over; a source keeps to one of the two lengths.
#[derive(Debug, Default)]
struct Pictures {
    short: Unwrapper<7>,
    long: Unwrapper<15>,
}

#[derive(Debug, Default)]
struct Rate {
    bytes: [usize; TEMPORAL],
    since: Option<Instant>,
    bps: [f64; TEMPORAL],
}

impl Layer {
    /// A layer without packets.
    pub fn new(config: &ReceiveTrack, rid: &str) -> Self {
        let capacity = if config.kind == Kind::Video { VIDEO_CAPACITY } else { AUDIO_CAPACITY };
        Self {
            rid: rid.into(),
            ssrc: config.ssrc.filter(|_| rid.is_empty()),
            store: Store::new(capacity),
            nack: NackGenerator::default(),
            clock: None,
            reception: Reception::default(),
            size: None,
            heard: None,
            rate: Rate::default(),
            unwrapper: Unwrapper::default(),
            pictures: Pictures::default(),
            parameter_sets: false,
            keyframe: None,
        }
    }

    /// The publisher goes on with another SSRC: numbers begin anew, and the old packets are of no more use.
    pub fn restart(&mut self, ssrc: u32) {
        self.ssrc = Some(ssrc);
        self.store.clear();
        self.nack = NackGenerator::default();
        self.reception = Reception::default();
        self.unwrapper = Unwrapper::default();
        self.pictures = Pictures::default();
        self.clock = None;
    }

    /// Stores a media packet.
    ///
    /// Errors: `Duplicate`, `PayloadMalformed`.
    pub fn on_media(
        &mut self,
        config: &ReceiveTrack,
        extensions: &Extensions,
        packet: &[u8],
        header: &Header,
        now: Instant,
    ) -> Result<Stored, DropReason> {
        let payload = packet.get(header.payload.clone()).unwrap_or_default();
        let sequence = self.unwrapper.unwrap(header.sequence);
        self.reception.on_packet(sequence, header.timestamp, packet.len(), config.clock_rate, now);
        let stored = self.keep(config, extensions, sequence, packet, header, payload, now)?;
        if stored.meta.opens {
            self.keyframe = Some(header.timestamp);
        }
        if self.keyframe != Some(header.timestamp) {
            let temporal = stored.meta.vp8.map_or(0, |vp8| vp8.temporal);
            self.rate.on_packet(temporal, packet.len() + OVERHEAD, now);
        }
        Ok(stored)
    }

    /// Stores the original of a retransmission (RFC 4588 §4).
    ///
    /// Errors: `RtxEmpty` for a padding probe, and those of `on_media`.
    pub fn on_repair(
        &mut self,
        config: &ReceiveTrack,
        extensions: &Extensions,
        packet: &[u8],
        header: &Header,
        now: Instant,
    ) -> Result<Stored, DropReason> {
        let payload = packet.get(header.payload.clone()).unwrap_or_default();
        let original = u16_at(payload, 0).ok_or(DropReason::RtxEmpty)?;
        let media = payload.get(2..).filter(|media| !media.is_empty()).ok_or(DropReason::RtxEmpty)?;
        let sequence = self.unwrapper.unwrap(original);
        let stored = self.keep(config, extensions, sequence, packet, header, media, now)?;
        self.reception.repaired += 1;
        Ok(stored)
    }

    #[allow(clippy::too_many_arguments, reason = "the packet in its parts")]
    fn keep(
        &mut self,
        config: &ReceiveTrack,
        extensions: &Extensions,
        sequence: u64,
        packet: &[u8],
        header: &Header,
        payload: &[u8],
        now: Instant,
    ) -> Result<Stored, DropReason> {
        let byte = |id: Option<u8>| id.and_then(|id| header.extension(packet, id)).and_then(|value| u8_at(value, 0));
        let broken = config.nack && self.nack.on_packet(sequence, now);
        let mut meta = Meta {
            sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            audio_level: byte(extensions.audio_level),
            video_orientation: byte(extensions.video_orientation),
            ..Meta::default()
        };
        // A padding packet keeps its number in the stream: it is stored so that it is forwarded as what it is.
        if !payload.is_empty() {
            self.read(config.codec, payload, &mut meta)?;
        }
        self.store.insert(meta, payload)?;
        self.heard = Some(now);
        Ok(Stored { meta, bytes: payload.len(), broken })
    }

    /// Reads what the codec says at the payload's beginning.
    fn read(&mut self, codec: Codec, payload: &[u8], meta: &mut Meta) -> Result<(), DropReason> {
        match codec {
            Codec::Vp8 => {
                let vp8 = vp8::Descriptor::parse(payload)?;
                meta.picture = vp8.picture_id.map(|id| {
                    if id.long { self.pictures.long.unwrap(id.value) } else { self.pictures.short.unwrap(id.value) }
                });
                meta.opens = vp8.keyframe_start;
                self.size = vp8.size(payload).or(self.size);
                meta.vp8 = Some(vp8);
            }
            Codec::H264 => {
                let begins = h264::keyframe_start(payload)?;
                // Where parameter sets are sent with each key frame, a decoder begins with them and not behind them.
                self.parameter_sets |= begins.parameters;
                meta.opens = begins.parameters || begins.picture && !self.parameter_sets;
                self.size = h264::size(payload).or(self.size);
            }
            Codec::Opus => {}
        }
        Ok(())
    }

    /// The RTP timestamp at `time` on the server's wall clock, before any rewriting.
    pub fn timestamp_at(&self, time: Ntp, clock_rate: u32) -> Option<u32> {
        let (reference, rtp) = self.clock?;
        Some(rtp.wrapping_add(units(time.nanos_since(reference), clock_rate)))
    }

    /// What a timestamp of `other` is on this layer's clock, where both have had sender reports.
    pub fn timestamp_of(&self, other: &Self, timestamp: u32, clock_rate: u32) -> Option<u32> {
        let ((here, rtp), (there, other_rtp)) = (self.clock?, other.clock?);
        let apart = units(there.nanos_since(here), clock_rate);
        Some(rtp.wrapping_add(apart).wrapping_add(timestamp.wrapping_sub(other_rtp)))
    }

    /// Brings what it costs up to date.
    pub fn measure(&mut self, now: Instant) {
        self.rate.roll(now);
    }

    /// What it costs, in bit/s, IP and UDP headers included.
    pub fn bitrate_bps(&self) -> u64 {
        self.rate.bps.iter().sum::<f64>() as u64
    }

    /// The layer as it is chosen from.
    pub fn rung(&self, layer: usize) -> Rung {
        Rung { layer, size: self.size, rates_bps: self.rate.bps.map(|bps| bps as u64) }
    }
}

fn units(nanos: i64, clock_rate: u32) -> u32 {
    (i128::from(nanos) * i128::from(clock_rate) / 1_000_000_000) as u32
}

impl Rate {
    fn on_packet(&mut self, temporal: u8, bytes: usize, now: Instant) {
        self.since.get_or_insert(now);
        if let Some(sum) = self.bytes.get_mut(usize::from(temporal)) {
            *sum += bytes;
        }
    }

    fn roll(&mut self, now: Instant) {
        let Some(since) = self.since else { return };
        let passed = now.saturating_duration_since(since);
        if passed < MEASURED {
            return;
        }
        let begins = self.bps.iter().all(|bps| *bps == 0.0);
        for (bps, bytes) in self.bps.iter_mut().zip(&mut self.bytes) {
            let measured = std::mem::take(bytes) as f64 * 8.0 / passed.as_secs_f64();
            *bps = if begins { measured } else { *bps + (measured - *bps) * SMOOTHED };
            if *bps < 1.0 {
                *bps = 0.0; // a temporal layer that is no more
            }
        }
        self.since = Some(now);
    }
}
