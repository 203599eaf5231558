//! What a peer watches: its slots and the queue of what waits to leave.
//!
//! `node/ingress.rs` announces stored packets and brings the receiver's feedback; `node/egress.rs` takes packets out.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::slot::Slot;
use super::store::Store;
use crate::command::{Codec, Kind, SendCodec, SendSlot};
use crate::drops::DropReason;
use crate::pacer::{Class, Pacer, Queued};
use crate::rtp::rtcp;

/// Repairs that are remembered, so that a packet is not repeated twice within a round trip.
const REPAIRS: usize = 256;
/// Repairs that each media packet pays for: a line that loses a third of everything is still repaired.
const REPAIRS_A_PACKET: f32 = 0.5;
/// What a round trip is taken for before it was measured.
const ROUND_TRIP: Duration = Duration::from_millis(50);
/// Packets that one NACK may ask for: more missing at once wants a key frame.
const NACK_MAX: usize = 256;

#[derive(Debug, Clone, Copy)]
struct Repair {
    slot: usize,
    sequence: u64,
    at: Instant,
}

/// The watching side of a connection.
#[derive(Debug)]
pub struct Down {
    /// Its slots.
    pub slots: Vec<Slot>,
    /// Id of the mid header extension, where it was negotiated.
    pub mid_extension: Option<u8>,
    /// What waits to leave.
    pub pacer: Pacer,
    /// The receiver's own estimate (REMB), in bit/s.
    pub remb_bps: Option<u64>,
    /// Packets that the receiver asked for again.
    pub nacked: u64,
    codecs: Vec<SendCodec>,
    repairs: Box<[Option<Repair>]>,
    repair_budget: f32,
    by_ssrc: FxHashMap<u32, usize>,
}

impl Down {
    /// A connection without slots.
    pub fn new(now: Instant) -> Self {
        Self {
            slots: Vec::new(),
            mid_extension: None,
            pacer: Pacer::new(now),
            remb_bps: None,
            nacked: 0,
            codecs: Vec::new(),
            repairs: vec![None; REPAIRS].into_boxed_slice(),
            repair_budget: REPAIRS as f32,
            by_ssrc: FxHashMap::default(),
        }
    }

    /// Sets the slots, once, or what the receiver took of the same slots.
    pub fn configure(&mut self, slots: Vec<SendSlot>, codecs: Vec<SendCodec>, mid_extension: Option<u8>) {
        if self.slots.is_empty() {
            self.by_ssrc = slots.iter().enumerate().map(|(index, slot)| (slot.ssrc, index)).collect();
            self.slots = slots.into_iter().map(Slot::new).collect();
        }
        self.codecs = codecs;
        self.mid_extension = mid_extension;
    }

    /// The slot with this SSRC.
    pub fn slot_of(&mut self, ssrc: u32) -> Option<(usize, &mut Slot)> {
        let index = *self.by_ssrc.get(&ssrc)?;
        Some((index, self.slots.get_mut(index)?))
    }

    /// The receiver's name for a codec.
    pub fn codec(&self, codec: Codec) -> Option<&SendCodec> {
        self.codecs.iter().find(|taken| taken.codec == codec)
    }

    /// Queues a stored packet for a slot; with the one that opens the slot also those that came before it and belong behind it.
    /// Errors: `QueueFull`; the slot then waits for the next key frame.
    pub fn on_stored(&mut self, slot: usize, sequence: u64, keyframe: bool, store: &Store) -> Result<(), DropReason> {
        let Some(target) = self.slots.get_mut(slot) else { return Ok(()) };
        let waited = target.is_waiting();
        if !target.admits(sequence, keyframe) {
            return Ok(());
        }
        self.queue(slot, sequence)?;
        if waited { store.after(sequence).try_for_each(|later| self.queue(slot, later)) } else { Ok(()) }
    }

    fn queue(&mut self, slot: usize, sequence: u64) -> Result<(), DropReason> {
        let Some(target) = self.slots.get_mut(slot) else { return Ok(()) };
        let class = if target.config.kind == Kind::Audio { Class::Audio } else { Class::Video };
        let item = Queued { slot, epoch: target.epoch, sequence, repair: false };
        if self.pacer.push(class, item) {
            return Ok(());
        }
        target.restart();
        Err(DropReason::QueueFull)
    }

    /// Queues what the receiver misses and the store still holds, where retransmission was negotiated: without it nothing
    /// is sent twice, since an SRTP index is sealed once. What was repeated within a round trip is on its way.
    pub fn on_nack(&mut self, slot: usize, pairs: &[u8], store: &Store, codec: Codec, now: Instant) {
        let Some(target) = self.slots.get(slot) else { return };
        let taken = self.codec(codec).is_some_and(|taken| taken.nack && taken.rtx_payload_type.is_some());
        let (repairs, epoch) = (taken && target.config.rtx_ssrc.is_some(), target.epoch);
        let round_trip = target.sent.round_trip.unwrap_or(ROUND_TRIP);
        for outgoing in rtcp::nacked(pairs).take(NACK_MAX) {
            self.nacked += 1;
            let source = self.slots.get(slot).and_then(|target| target.rewriter.source_sequence(outgoing));
            let Some(sequence) = source.filter(|sequence| repairs && store.get(*sequence).is_some()) else { continue };
            if self.repair_budget >= 1.0 && self.begin_repair(Repair { slot, sequence, at: now }, round_trip) {
                self.repair_budget -= 1.0;
                self.pacer.push(Class::Repair, Queued { slot, epoch, sequence, repair: true });
            }
        }
    }

    /// A media packet left: repairs may be half as many, so that a line that drops nearly everything is not flooded.
    pub fn on_left(&mut self) {
        self.repair_budget = (self.repair_budget + REPAIRS_A_PACKET).min(REPAIRS as f32);
    }

    /// Remembers a repair; false when the same one is on its way.
    fn begin_repair(&mut self, repair: Repair, round_trip: Duration) -> bool {
        let index = (repair.sequence as usize).wrapping_add(repair.slot * 31) % REPAIRS;
        let Some(place) = self.repairs.get_mut(index) else { return false };
        let on_its_way = place.is_some_and(|last| {
            (last.slot, last.sequence) == (repair.slot, repair.sequence)
                && repair.at.duration_since(last.at) < round_trip
        });
        if !on_its_way {
            *place = Some(repair);
        }
        !on_its_way
    }
}
