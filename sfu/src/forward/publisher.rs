//! What a peer publishes: its tracks with their layers, and what is owed to the publisher (reports, NACKs, key frame requests).
//!
//! `node/ingress.rs` brings plaintext packets here; what was stored is announced to the track's subscribers.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::choice::Rung;
use super::keyframes::{Keyframes, LAYERS_MAX};
use super::layer::{Layer, Stored};
use super::voices::Level;
use crate::command::{Codec, Extensions, ReceiveTrack};
use crate::drops::DropReason;
use crate::rtp::header::Header;
use crate::rtp::ntp::{Ntp, WallClock};
use crate::rtp::twcc::Arrivals;

/// Tracks that one peer may publish: a site's cameras and devices, and some to spare. Each video layer holds a store.
pub const TRACKS_MAX: usize = 16;
/// A layer is gone when others of its track came for so long without it: publishers drop layers without a word.
const STALLED: Duration = Duration::from_millis(500);
/// A source of which nothing came for so long is off: a screen that stands still sends a frame a second.
const SILENT: Duration = Duration::from_secs(2);
/// Of two layers of one size the one that costs so much more is the better one; less is chance.
const DEARER: u64 = 120;

/// Where a track's packets go: the subscriber's connection and its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The connection's key in the node.
    pub connection: usize,
    /// The slot's index in the connection.
    pub slot: usize,
}

/// What an SSRC carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// The track's key in the node.
    pub track: usize,
    /// The layer's index in the track.
    pub layer: usize,
    /// Whether it carries retransmissions.
    pub repair: bool,
}

/// The publishing side of a connection.
#[derive(Debug, Default)]
pub struct Up {
    /// Keys of its tracks in the node.
    pub tracks: Vec<usize>,
    /// Ids of the header extensions that were negotiated.
    pub extensions: Extensions,
    /// When the peer's packets arrived, for its own estimate.
    pub arrivals: Arrivals,
    /// When transport-wide feedback was last sent.
    pub feedback_sent: Option<Instant>,
    /// SSRCs that are known.
    pub ssrcs: FxHashMap<u32, Stream>,
    /// Server's wall clock less the publisher's, latched at its first sender report, so that sound and picture keep together.
    pub clock_offset_nanos: Option<i64>,
    /// When the next receiver report is due; none before the first packet.
    pub report_due: Option<Instant>,
}

impl Up {
    /// Binds an SSRC; the one that was there for the same purpose is forgotten.
    pub fn bind(&mut self, ssrc: u32, stream: Stream) {
        self.ssrcs.retain(|_, bound| *bound != stream);
        self.ssrcs.insert(ssrc, stream);
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
    /// Its encodings, in the order of the offer's rids; one where there is no simulcast.
    pub layers: Vec<Layer>,
    /// What may be chosen of them, lowest first.
    pub ladder: Vec<Rung>,
    /// Who takes it.
    pub subscribers: Vec<Subscription>,
    /// Its key frames, and who waits for one.
    pub keyframes: Keyframes,
    /// How loud it is.
    pub level: Level,
    /// Whether it is among the voices that are forwarded; true of all that is no voice.
    pub forwarded: bool,
    /// Whether media of it has come.
    pub live: bool,
}

impl Track {
    /// A track without packets.
    pub fn new(config: ReceiveTrack, connection: usize) -> Self {
        let rids = config.rids.iter().map(String::as_str).take(LAYERS_MAX);
        let mut layers: Vec<Layer> = rids.map(|rid| Layer::new(&config, rid)).collect();
        if layers.is_empty() {
            layers.push(Layer::new(&config, ""));
        }
        let keyframes = Keyframes::new(config.codec == Codec::Vp8);
        let mut track = Self {
            config,
            connection,
            layers,
            ladder: Vec::with_capacity(LAYERS_MAX),
            subscribers: Vec::new(),
            keyframes,
            level: Level::default(),
            forwarded: true,
            live: false,
        };
        track.arrange();
        track
    }

    /// Stores a packet of a layer, a retransmission where `repair`.
    ///
    /// Errors: `Duplicate`, `PayloadMalformed`, `RtxEmpty`, `UnknownTrack` where there is no such layer.
    pub fn on_packet(
        &mut self,
        stream: Stream,
        extensions: &Extensions,
        packet: &[u8],
        header: &Header,
        now: Instant,
    ) -> Result<Stored, DropReason> {
        let index = stream.layer;
        let layer = self.layers.get_mut(index).ok_or(DropReason::UnknownTrack)?;
        let stored = if stream.repair {
            layer.on_repair(&self.config, extensions, packet, header, now)?
        } else {
            layer.on_media(&self.config, extensions, packet, header, now)?
        };
        if stored.broken {
            self.keyframes.want(index);
        }
        if stored.bytes > 0 {
            self.keyframes.on_packet(index, stored.meta.timestamp, stored.bytes, stored.meta.opens, now);
        }
        if let Some(level) = stored.meta.audio_level {
            self.level.on_packet(level, now);
        }
        Ok(stored)
    }

    /// Notes a layer's sender report that arrived at `now`.
    pub fn on_sender_report(&mut self, layer: usize, up: &mut Up, ntp: Ntp, rtp: u32, wall: &WallClock, now: Instant) {
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.clock = Some((up.on_clock(ntp, wall.at(now)), rtp));
            layer.reception.on_sender_report(ntp, now);
        }
    }

    /// The publisher says that a layer ends.
    pub fn on_bye(&mut self, layer: usize) {
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.heard = None;
        }
    }

    /// What a timestamp of layer `after` is on the clock of layer `before`.
    pub fn aligned(&self, before: usize, after: usize, timestamp: u32) -> Option<u32> {
        let (before, after) = (self.layers.get(before)?, self.layers.get(after)?);
        before.timestamp_of(after, timestamp, self.config.clock_rate)
    }

    /// Brings what may be chosen up to date: which layers come, how large they are and what they cost.
    pub fn measure(&mut self, now: Instant) {
        self.layers.iter_mut().for_each(|layer| layer.measure(now));
        self.arrange();
    }

    /// A layer to ask for a key frame now; called until there is none. What does not come is not asked.
    pub fn keyframe_due(&mut self, now: Instant) -> Option<usize> {
        for index in 0..self.layers.len() {
            if self.is_new(index) {
                self.keyframes.forget(index);
            }
        }
        let layers = &self.layers;
        self.keyframes.due(now, |index| layers.get(index).is_some_and(|layer| layer.ssrc.is_some()))
    }

    /// Whether media of it comes now.
    pub fn comes(&self, now: Instant) -> bool {
        let heard = self.layers.iter().filter_map(|layer| layer.heard).max();
        heard.is_some_and(|heard| now.saturating_duration_since(heard) < SILENT)
    }

    /// Whether `layer` is the track's first sign of it, or came back.
    pub fn is_new(&self, layer: usize) -> bool {
        self.ladder.iter().all(|rung| rung.layer != layer)
    }

    /// Puts the layers that come into order. The order stays where nothing clear speaks against it.
    pub fn arrange(&mut self) {
        let latest = self.layers.iter().filter_map(|layer| layer.heard).max();
        let comes = |layer: &Layer| latest.zip(layer.heard).is_some_and(|(latest, heard)| latest - heard < STALLED);
        let only = self.layers.len() == 1;
        let before: [usize; LAYERS_MAX] = {
            let mut order = [usize::MAX; LAYERS_MAX];
            order.iter_mut().zip(&self.ladder).for_each(|(place, rung)| *place = rung.layer);
            order
        };
        self.ladder.clear();
        let known = before.iter().copied().filter(|layer| *layer < self.layers.len());
        let fresh = (0..self.layers.len()).filter(|layer| !before.contains(layer));
        for index in known.chain(fresh) {
            if let Some(layer) = self.layers.get(index).filter(|layer| only || comes(layer)) {
                self.ladder.push(layer.rung(index));
            }
        }
        for _ in 1..self.ladder.len() {
            for at in 1..self.ladder.len() {
                if let Some([low, high]) = self.ladder.get_mut(at - 1..=at)
                    && is_above(low, high)
                {
                    std::mem::swap(low, high);
                }
            }
        }
    }
}

/// Whether a layer is clearly better than another: by its size, of one size by its rate.
fn is_above(one: &Rung, other: &Rung) -> bool {
    let pixels = |rung: &Rung| rung.size.map(|(width, height)| u32::from(width) * u32::from(height));
    match (pixels(one), pixels(other)) {
        (Some(one), Some(other)) if one != other => one > other,
        _ => one.cost_bps(u8::MAX) * 100 > other.cost_bps(u8::MAX) * DEARER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(layer: usize, size: Option<(u16, u16)>, bps: u64) -> Rung {
        Rung { layer, size, rates_bps: [bps, 0, 0, 0] }
    }

    #[test]
    fn layers_are_told_apart_by_size_and_then_by_rate() {
        let (small, large) = (Some((320, 180)), Some((1280, 720)));
        assert!(is_above(&rung(0, large, 100), &rung(1, small, 900)));
        assert!(is_above(&rung(0, large, 1600), &rung(1, large, 1000)));
        assert!(!is_above(&rung(0, large, 1100), &rung(1, large, 1000)), "a tenth is chance");
        assert!(!is_above(&rung(0, None, 1100), &rung(1, large, 1000)));
    }
}
