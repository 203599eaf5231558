//! The core: datagrams, commands and the time go in, datagrams and events come out. No socket, no clock, no thread.
//!
//! `worker.rs` drives it in the product and a virtual clock in tests, by the same verbs: `handle_command`,
//! `handle_datagram`, `handle_timeout`, `poll_transmit`, `poll_event`, and `next_timeout` for when to call again.
//! `commands.rs` is what Python wants, `ingress.rs` a datagram's way in, `handshakes.rs` whose DTLS has its turn, `egress.rs` a
//! packet's way out, `upkeep.rs` what time brings.

mod commands;
mod connection;
mod egress;
mod handshakes;
mod ingress;
mod upkeep;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use slab::Slab;

use crate::command::{ConnId, Direction, Event, TrackId};
use crate::drops::DropReason;
use crate::forward::choice::Standing;
use crate::forward::layer::Layer;
use crate::forward::publisher::Track;
use crate::forward::reception::Reception;
use crate::forward::voices::Group;
use crate::outbox::Outbox;
use crate::rtp::ntp::WallClock;
use crate::stats::{ConnectionStats, Counters, Drops, LayerStats, SlotStats, Snapshot, TrackStats};
use crate::transport::dtls::Certificate;
use connection::{Connection, Side};

/// How often time is looked at: NACKs, key frame requests, reports, handshakes.
const TICK: Duration = Duration::from_millis(10);

/// A forwarding unit.
pub struct Node {
    certificate: Certificate,
    wall: WallClock,
    connections: Slab<Connection>,
    by_id: FxHashMap<ConnId, usize>,
    by_ufrag: FxHashMap<Box<str>, usize>,
    by_address: FxHashMap<SocketAddr, usize>,
    tracks: Slab<Track>,
    track_by_id: FxHashMap<TrackId, usize>,
    /// Voices by group.
    voices: FxHashMap<u64, Group>,
    /// Connections whose pacer holds something.
    pacing: Vec<usize>,
    next_tick: Instant,
    ticks: u64,
    handshakes: handshakes::Handshakes,
    /// What is to be sent; the shell empties it.
    pub outbox: Outbox,
    events: VecDeque<Event>,
    /// Counters.
    pub counters: Counters,
    /// Drops by reason.
    pub drops: Drops,
    scratch: egress::Scratch,
}

impl Node {
    /// A node without connections. `wall` ties `Instant`s to the wall clock for sender reports.
    pub fn new(certificate: Certificate, wall: WallClock) -> Self {
        Self {
            certificate,
            wall,
            connections: Slab::new(),
            by_id: FxHashMap::default(),
            by_ufrag: FxHashMap::default(),
            by_address: FxHashMap::default(),
            tracks: Slab::new(),
            track_by_id: FxHashMap::default(),
            voices: FxHashMap::default(),
            pacing: Vec::new(),
            next_tick: wall.instant,
            ticks: 0,
            handshakes: handshakes::Handshakes::default(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            counters: Counters::default(),
            drops: Drops::default(),
            scratch: egress::Scratch::default(),
        }
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether something happened that was not polled.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// When `handle_timeout` and `poll_transmit` want to be called again; `None` without connections.
    pub fn next_timeout(&self) -> Option<Instant> {
        let tick = (!self.connections.is_empty()).then_some(self.next_tick);
        let release =
            self.pacing.iter().filter_map(|key| self.connections.get(*key)).filter_map(|connection| match &connection
                .side
            {
                Side::Down(down) => down.pacer.next_release(),
                Side::Up(_) => None,
            });
        release.chain(tick).min()
    }

    /// Everything at one moment. `cpu_us` is the worker thread's CPU time, which the node cannot know.
    pub fn snapshot(&self, cpu_us: u64) -> Snapshot {
        Snapshot {
            cpu_us,
            counters: self.counters.clone(),
            drops: self.drops.clone(),
            connections: self.connections.iter().map(|(_, connection)| connection_stats(connection)).collect(),
            tracks: self.tracks.iter().map(|(_, track)| track_stats(track)).collect(),
            slots: self.connections.iter().flat_map(|(_, connection)| self.slot_stats(connection)).collect(),
        }
    }

    fn slot_stats<'a>(&'a self, connection: &'a Connection) -> impl Iterator<Item = SlotStats> + 'a {
        let slots = match &connection.side {
            Side::Down(down) => down.slots.as_slice(),
            Side::Up(_) => &[],
        };
        slots.iter().filter_map(move |slot| {
            let track = self.tracks.get(slot.track?)?;
            Some(SlotStats {
                conn: connection.id,
                slot: slot.config.slot,
                track: track.config.track,
                rid: slot.layer().and_then(|layer| track.layers.get(layer)).map(|layer| layer.rid.to_string()),
                temporal: slot.temporal(),
                paused: slot.standing() == Standing::Paused,
                thinned: slot.sent.thinned,
                switches: slot.sent.switches,
                packets: slot.sent.packets,
                bytes: slot.sent.bytes,
                repairs: slot.sent.repairs,
                fraction_lost: slot.sent.report.map(|block| f64::from(block.fraction_lost) / 256.0),
                round_trip_ms: slot.sent.round_trip.map(|time| time.as_secs_f64() * 1000.0),
            })
        })
    }

    fn drop_packet(&mut self, reason: DropReason) {
        self.drops.count(reason);
    }
}

fn connection_stats(connection: &Connection) -> ConnectionStats {
    let stats = ConnectionStats {
        conn: connection.id,
        direction: Direction::Up,
        connected: connection.is_connected(),
        remb_bps: None,
        limit_bps: None,
        waiting: 0,
        nacked: 0,
    };
    match &connection.side {
        Side::Up(_) => stats,
        Side::Down(down) => ConnectionStats {
            direction: Direction::Down,
            remb_bps: down.cap.remb_bps,
            limit_bps: down.cap.limit_bps(0),
            waiting: down.pacer.len(),
            nacked: down.nacked,
            ..stats
        },
    }
}

fn track_stats(track: &Track) -> TrackStats {
    let received = || track.layers.iter().map(|layer| &layer.reception);
    let repaired: u64 = received().map(|reception| reception.repaired).sum();
    let jitter = received().map(Reception::jitter).max().unwrap_or(0);
    TrackStats {
        track: track.config.track,
        kind: track.config.kind,
        packets: received().map(|reception| reception.packets).sum(),
        bytes: received().map(|reception| reception.bytes).sum(),
        lost: received().map(Reception::lost).sum::<u64>().saturating_sub(repaired),
        repaired,
        jitter_ms: f64::from(jitter) * 1000.0 / f64::from(track.config.clock_rate.max(1)),
        keyframes: track.keyframes.received,
        keyframe_requests: track.keyframes.sent,
        subscribers: track.subscribers.len(),
        layers: (0..).zip(&track.layers).map(|(index, layer)| layer_stats(track, index, layer)).collect(),
    }
}

fn layer_stats(track: &Track, index: usize, layer: &Layer) -> LayerStats {
    let (width, height) = layer.size.unwrap_or_default();
    LayerStats {
        rid: layer.rid.to_string(),
        width,
        height,
        bitrate_bps: layer.bitrate_bps(),
        packets: layer.reception.packets,
        live: layer.heard.is_some() && !track.is_new(index),
    }
}
