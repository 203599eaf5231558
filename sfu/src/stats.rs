//! Counters, and the snapshot that Python reads. Nothing here touches a packet beyond an addition.

use serde::Serialize;

use crate::command::{ConnId, Direction, Kind, TrackId};
use crate::drops::DropReason;

/// Counters of the whole node.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Media packets taken from publishers.
    pub media_in: u64,
    /// Media packets sent to subscribers, without retransmissions.
    pub media_out: u64,
    /// Packets among these that were sent without their payload, to fill a number.
    pub blanks_out: u64,
    /// Retransmissions sent.
    pub repairs_out: u64,
    /// References to packets that were queued for subscribers, retransmissions included.
    pub queued: u64,
    /// Sequence numbers asked of publishers.
    pub nacks_out: u64,
    /// Sequence numbers that subscribers asked for.
    pub nacks_in: u64,
    /// Key frame requests sent to publishers.
    pub keyframe_requests_out: u64,
    /// Key frame requests from subscribers.
    pub keyframe_requests_in: u64,
    /// Queued references that were not sent: their slot changed its source, the store had left them behind, or the subscriber left.
    pub abandoned: u64,
    /// Transport-wide feedback packets sent to publishers.
    pub transport_feedback_out: u64,
    /// STUN requests answered.
    pub stun_answered: u64,
    /// Handshakes completed.
    pub handshakes: u64,
    /// DTLS datagrams that waited for the next tick's budget.
    pub dtls_deferred: u64,
}

/// Drops by reason.
#[derive(Debug, Clone)]
pub struct Drops([u64; DropReason::ALL.len()]);

impl Default for Drops {
    fn default() -> Self {
        Self([0; DropReason::ALL.len()])
    }
}

impl Drops {
    /// Counts one.
    pub fn count(&mut self, reason: DropReason) {
        if let Some(counter) = self.0.get_mut(reason as usize) {
            *counter += 1;
        }
    }

    /// How many of this reason.
    pub fn get(&self, reason: DropReason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or(0)
    }
}

impl Serialize for Drops {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(DropReason::ALL.iter().map(|reason| (reason.label(), self.get(*reason))))
    }
}

/// Everything at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// CPU time of the worker thread so far, in microseconds.
    pub cpu_us: u64,
    /// Counters of the whole node.
    pub counters: Counters,
    /// Drops by reason.
    pub drops: Drops,
    /// Connections.
    pub connections: Vec<ConnectionStats>,
    /// Published tracks.
    pub tracks: Vec<TrackStats>,
    /// Slots that carry something.
    pub slots: Vec<SlotStats>,
}

/// One connection.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionStats {
    /// Its number.
    pub conn: ConnId,
    /// Who sends.
    pub direction: Direction,
    /// Whether media flows.
    pub connected: bool,
    /// What the receiver estimates (REMB), in bit/s.
    pub remb_bps: Option<u64>,
    /// What its link is taken to carry, by loss (of everything) or REMB (of pictures), in bit/s; none where there is no limit.
    pub limit_bps: Option<u64>,
    /// References that wait in its pacer.
    pub waiting: usize,
    /// Sequence numbers that the receiver asked for.
    pub nacked: u64,
}

/// One published track.
#[derive(Debug, Clone, Serialize)]
pub struct TrackStats {
    /// Its number.
    pub track: TrackId,
    /// Sound or picture.
    pub kind: Kind,
    /// Media packets received.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets lost on the uplink, less those repaired.
    pub lost: u64,
    /// Retransmissions received.
    pub repaired: u64,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f64,
    /// Key frames received.
    pub keyframes: u64,
    /// Key frame requests sent.
    pub keyframe_requests: u64,
    /// How many slots it is in.
    pub subscribers: usize,
    /// Its layers, in the order of the offer.
    pub layers: Vec<LayerStats>,
}

/// One layer of a published track.
#[derive(Debug, Clone, Serialize)]
pub struct LayerStats {
    /// Its restriction id; empty where there is no simulcast.
    pub rid: String,
    /// Width of its pictures in pixels, 0 where unknown.
    pub width: u16,
    /// Their height.
    pub height: u16,
    /// What it costs, in bit/s.
    pub bitrate_bps: u64,
    /// Media packets received.
    pub packets: u64,
    /// Whether it comes.
    pub live: bool,
}

/// One slot that carries something.
#[derive(Debug, Clone, Serialize)]
pub struct SlotStats {
    /// Its connection.
    pub conn: ConnId,
    /// Its number.
    pub slot: u32,
    /// The track in it.
    pub track: TrackId,
    /// The restriction id of the layer that is forwarded; none while nothing is.
    pub rid: Option<String>,
    /// The highest temporal layer that is forwarded.
    pub temporal: u8,
    /// Whether it is paused: not shown, not affordable, or not among the loudest.
    pub paused: bool,
    /// Packets left out because of their temporal layer.
    pub thinned: u64,
    /// Times that another layer came.
    pub switches: u64,
    /// Media packets sent.
    pub packets: u64,
    /// Their payload bytes.
    pub bytes: u64,
    /// Retransmissions sent.
    pub repairs: u64,
    /// Fraction lost by the receiver's last report, 0 to 1.
    pub fraction_lost: Option<f64>,
    /// Round trip by that report, in milliseconds.
    pub round_trip_ms: Option<f64>,
}
