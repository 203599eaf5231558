//! What a peer watches: its slots and the queue of what waits to leave.
//!
//! `node/ingress.rs` announces stored packets and brings the receiver's feedback; `node/egress.rs` takes packets out.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::cap::Cap;
use super::choice::{self, Standing, Wish};
use super::pauses::{Look, Pauses};
use super::publisher::Track;
use super::rewriter::Source;
use super::slot::{Admission, Slot};
use super::store::{Meta, Store};
use crate::command::{Codec, Extensions, Kind, SendCodec, SendSlot};
use crate::drops::DropReason;
use crate::pacer::{Class, Form, Pacer, Queued};
use crate::rtp::rtcp;

/// Repairs that are remembered, so that a packet is not repeated twice within a round trip.
const REPAIRS: usize = 256;
/// Repairs that each media packet pays for: a line that loses a third of everything is still repaired.
const REPAIRS_A_PACKET: f32 = 0.5;
/// What a round trip is taken for before it was measured.
const ROUND_TRIP: Duration = Duration::from_millis(50);
/// An estimate counts for so long: one that is still meant is repeated each second.
const REMB_LASTS: Duration = Duration::from_secs(5);
/// Packets that one NACK may ask for: more missing at once wants a key frame.
const NACK_MAX: usize = 256;

/// An estimate of some streams.
#[derive(Debug, Clone)]
struct Remb {
    ssrcs: Vec<u32>,
    bitrate: u64,
    at: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Repair {
    slot: usize,
    stretch: u32,
    sequence: u64,
    at: Instant,
}

/// The watching side of a connection.
#[derive(Debug)]
pub struct Down {
    /// Its slots.
    pub slots: Vec<Slot>,
    /// Ids of the header extensions that were negotiated.
    pub extensions: Extensions,
    /// What waits to leave.
    pub pacer: Pacer,
    /// What its link carries.
    pub cap: Cap,
    /// Packets that the receiver asked for again.
    pub nacked: u64,
    pauses: Pauses,
    codecs: Vec<SendCodec>,
    repairs: Box<[Option<Repair>]>,
    repair_budget: f32,
    rembs: Vec<Remb>,
    by_ssrc: FxHashMap<u32, usize>,
}

impl Down {
    /// A connection without slots.
    pub fn new(now: Instant) -> Self {
        Self {
            slots: Vec::new(),
            extensions: Extensions::default(),
            pacer: Pacer::new(now),
            cap: Cap::new(now),
            nacked: 0,
            pauses: Pauses::default(),
            codecs: Vec::new(),
            repairs: vec![None; REPAIRS].into_boxed_slice(),
            repair_budget: REPAIRS as f32,
            rembs: Vec::new(),
            by_ssrc: FxHashMap::default(),
        }
    }

    /// Sets the slots, once, or what the receiver took of the same slots.
    pub fn configure(&mut self, slots: Vec<SendSlot>, codecs: Vec<SendCodec>, extensions: Extensions) {
        if self.slots.is_empty() {
            self.by_ssrc = slots.iter().enumerate().map(|(index, slot)| (slot.ssrc, index)).collect();
            self.slots = slots.into_iter().map(Slot::new).collect();
        }
        self.codecs = codecs;
        self.extensions = extensions;
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

    /// Queues a stored packet of a layer for a slot; with the one that opens the slot also those that came before it and belong
    /// behind it.
    ///
    /// Errors: `QueueFull`; the slot then waits for the next key frame.
    pub fn on_stored(
        &mut self,
        slot: usize,
        source: Source,
        meta: &Meta,
        codec: Codec,
        store: &Store,
    ) -> Result<(), DropReason> {
        if self.codec(codec).is_none() {
            return Err(DropReason::CodecNotTaken);
        }
        let Some(target) = self.slots.get_mut(slot) else { return Ok(()) };
        let admission = target.admit(source, meta);
        self.queue(slot, meta.sequence, admission)?;
        if let Admission::Opens(_) = admission {
            for (later, _) in store.after(meta.sequence) {
                let Some(target) = self.slots.get_mut(slot) else { break };
                let admission = target.admit(source, later);
                self.queue(slot, later.sequence, admission)?;
            }
        }
        Ok(())
    }

    fn queue(&mut self, slot: usize, sequence: u64, admission: Admission) -> Result<(), DropReason> {
        let (stretch, form) = match admission {
            Admission::Ignored | Admission::Thinned => return Ok(()),
            Admission::Blank(stretch) => (stretch, Form::Blank),
            Admission::Queued(stretch) | Admission::Opens(stretch) => (stretch, Form::Media),
        };
        let Some(target) = self.slots.get_mut(slot) else { return Ok(()) };
        let class = if target.config.kind == Kind::Audio { Class::Audio } else { Class::Video };
        if self.pacer.push(class, Queued { slot, stretch, sequence, form }) {
            return Ok(());
        }
        target.restart();
        Err(DropReason::QueueFull)
    }

    /// The receiver's estimate came. Browsers tell one for all their streams, aiortc one for each: then they add up.
    pub fn on_remb(&mut self, bitrate: u64, ssrcs: &[u8], now: Instant) {
        // Retransmissions' SSRCs are listed as well; one of ours must be there, so that their number is bounded.
        let known: Vec<u32> = rtcp::ssrcs(ssrcs).filter(|ssrc| self.by_ssrc.contains_key(ssrc)).collect();
        if !known.is_empty() {
            self.rembs.retain(|other| other.ssrcs.iter().all(|ssrc| !known.contains(ssrc)));
            self.rembs.push(Remb { ssrcs: known, bitrate, at: now });
            self.sum_rembs(now);
        }
    }

    fn sum_rembs(&mut self, now: Instant) {
        self.rembs.retain(|remb| now.duration_since(remb.at) < REMB_LASTS);
        let sum = self.rembs.iter().fold(0u64, |sum, remb| sum.saturating_add(remb.bitrate));
        self.cap.remb_bps = (!self.rembs.is_empty()).then_some(sum);
    }

    /// Queues what the receiver misses and the store still holds, where retransmission was negotiated: without it nothing
    /// is sent twice, since an SRTP index is sealed once. What was repeated within a round trip is on its way.
    pub fn on_nack<'a>(&mut self, slot: usize, pairs: &[u8], track: impl Fn(usize) -> Option<&'a Track>, now: Instant) {
        let Some(target) = self.slots.get(slot) else { return };
        let repairs = target.config.rtx_ssrc.is_some();
        let round_trip = target.sent.round_trip.unwrap_or(ROUND_TRIP);
        for outgoing in rtcp::nacked(pairs).take(NACK_MAX) {
            self.nacked += 1;
            let left = self.slots.get(slot).and_then(|target| target.rewriter.left(outgoing));
            let Some((stretch, source, sequence)) = left.filter(|_| repairs) else { continue };
            let Some(track) = track(source.track).filter(|track| self.repairs(track.config.codec)) else { continue };
            if track.layers.get(source.layer).is_none_or(|layer| layer.store.get(sequence).is_none()) {
                continue;
            }
            if self.repair_budget >= 1.0 && self.begin_repair(Repair { slot, stretch, sequence, at: now }, round_trip) {
                self.repair_budget -= 1.0;
                self.pacer.push(Class::Repair, Queued { slot, stretch, sequence, form: Form::Repair });
            }
        }
    }

    fn repairs(&self, codec: Codec) -> bool {
        self.codec(codec).is_some_and(|taken| taken.nack && taken.rtx_payload_type.is_some())
    }

    /// Chooses the layer of each picture anew; `track` finds what is in a slot.
    pub fn choose<'a>(&mut self, track: impl Fn(usize) -> Option<&'a Track>, now: Instant) {
        self.sum_rembs(now);
        self.cap.look(now);
        let audio_bps = self.slots.iter().filter(|slot| slot.config.kind == Kind::Audio && slot.layer().is_some());
        let audio_bps = audio_bps.filter_map(|slot| Some(track(slot.track?)?.layers.first()?.bitrate_bps())).sum();
        let codecs = &self.codecs;
        let pictures = |slot: &Slot| picture(slot, codecs, &track);
        let wishes: Vec<Wish<'_>> = self
            .slots
            .iter()
            .filter_map(|slot| {
                let track = track(pictures(slot)?)?;
                let (view, standing, running) = (slot.view, slot.standing(), slot.layer());
                Some(Wish { ladder: &track.ladder, view, standing, running })
            })
            .collect();
        let chosen = choice::choose(&wishes, self.cap.budget(audio_bps, now));
        let (mut rose, mut fell) = (false, false);
        let slots = self.slots.iter_mut().filter(|slot| pictures(slot).is_some());
        for ((slot, wish), choice) in slots.zip(&wishes).zip(chosen) {
            let resized = slot.take_resized();
            if let Standing::At(before) = wish.standing {
                let (before, after) = (wish.rank(Some(before)), wish.rank(choice));
                rose |= after > before;
                fell |= after < before && !resized;
            }
            slot.choose(choice);
        }
        if fell && self.cap.limit_bps(audio_bps).is_some() {
            self.cap.on_fall(now);
        } else if rose {
            self.cap.on_rise(now);
        }
    }

    /// The picture slots that the link does not carry, where they are others than last time; `track` finds what is in a slot.
    pub fn look_for_pauses<'a>(&mut self, track: impl Fn(usize) -> Option<&'a Track>, now: Instant) -> Option<&[u32]> {
        let comes = |key: &usize| track(*key).is_some_and(|track| track.comes(now));
        let looks = self.slots.iter().filter(|slot| slot.config.kind == Kind::Video).map(|slot| Look {
            slot: slot.config.slot,
            wanted: picture(slot, &self.codecs, &track).filter(|key| slot.view.is_shown() && comes(key)),
            held: slot.standing() == Standing::Paused,
        });
        self.pauses.look(looks, now)
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
            (last.slot, last.stretch, last.sequence) == (repair.slot, repair.stretch, repair.sequence)
                && repair.at.duration_since(last.at) < round_trip
        });
        if !on_its_way {
            *place = Some(repair);
        }
        !on_its_way
    }
}

/// The key of the track in a slot, where it is a picture that the receiver can decode.
fn picture<'a>(slot: &Slot, taken: &[SendCodec], track: impl Fn(usize) -> Option<&'a Track>) -> Option<usize> {
    let key = slot.track.filter(|_| slot.config.kind == Kind::Video)?;
    let codec = track(key)?.config.codec;
    taken.iter().any(|taken| taken.codec == codec).then_some(key)
}
