//! A packet's way out: the pacer lets it go, its numbers are written, it is sealed into its datagram.

use std::time::Instant;

use super::Node;
use super::connection::Side;
use crate::command::{Extensions, Kind};
use crate::forward::rewriter::Numbers;
use crate::forward::slot::Slot;
use crate::forward::store::Meta;
use crate::forward::subscriber::Down;
use crate::pacer::{Form, Queued};
use crate::rtp::header::{Elements, Outgoing, abs_send_time};
use crate::rtp::ntp::Ntp;

/// Datagrams in one batch: what one `sendmmsg` takes.
const BATCH: usize = 64;

/// Buffers that are used again for each packet.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The RTP header that is being written.
    pub header: Vec<u8>,
    /// The payload, where it differs from the store's.
    pub payload: Vec<u8>,
    /// The RTCP that is being written.
    pub rtcp: Vec<u8>,
    /// Sequence numbers to ask for.
    pub sequences: Vec<u16>,
}

impl Node {
    /// Fills the outbox with what may leave at `now`, a batch at most. Returns whether there is more.
    pub fn poll_transmit(&mut self, now: Instant) -> bool {
        let mut index = 0;
        while let Some(key) = self.pacing.get(index).copied() {
            while self.outbox.len() < BATCH {
                let Some(item) = self.pop(key, now) else { break };
                self.release(key, item, now);
            }
            if self.outbox.len() >= BATCH {
                // The next batch begins with the others, so that one busy subscriber does not hold them up.
                self.pacing.rotate_left(index + 1);
                return true;
            }
            if self.is_idle(key) {
                self.pacing.swap_remove(index);
            } else {
                index += 1;
            }
        }
        false
    }

    fn pop(&mut self, key: usize, now: Instant) -> Option<Queued> {
        match &mut self.connections.get_mut(key)?.side {
            Side::Down(down) => down.pacer.pop(now),
            Side::Up(_) => None,
        }
    }

    fn is_idle(&self, key: usize) -> bool {
        match self.connections.get(key).map(|connection| &connection.side) {
            Some(Side::Down(down)) => down.pacer.is_empty(),
            _ => true,
        }
    }

    fn release(&mut self, key: usize, item: Queued, now: Instant) {
        if self.write(key, item, now).is_none() {
            self.counters.abandoned += 1;
        }
    }

    /// Writes one queued packet; `None` when its slot or store has left it behind.
    fn write(&mut self, key: usize, item: Queued, now: Instant) -> Option<()> {
        let connection = self.connections.get_mut(key)?;
        let (to, srtp) = (connection.selected?, connection.srtp.as_mut()?);
        let Side::Down(down) = &mut connection.side else { return None };
        let source = down.slots.get(item.slot)?.rewriter.source(item.stretch)?;
        let track = self.tracks.get(source.track)?;
        let (meta, payload) = track.layers.get(source.layer)?.store.get(item.sequence)?;
        let repair = item.form == Form::Repair;
        let payload_type = payload_type(down, track.config.codec, repair)?;
        let slot = down.slots.get_mut(item.slot)?;
        let numbers = if repair {
            slot.rewriter.numbers(item.stretch, meta)?
        } else {
            let before = slot.rewriter.begins_after(item.stretch).filter(|before| before.track == source.track);
            let aligned = before.and_then(|before| track.aligned(before.layer, source.layer, meta.timestamp));
            slot.rewriter.leave(item.stretch, meta, track.config.clock_rate, aligned, now)?
        };
        let outgoing = Outgoing {
            marker: meta.marker,
            payload_type,
            sequence: if repair { slot.repair_sequence } else { numbers.sequence as u16 },
            timestamp: numbers.timestamp,
            ssrc: if repair { slot.config.rtx_ssrc? } else { slot.config.ssrc },
            extensions: elements(&down.extensions, slot, meta, self.wall.at(now)),
        };
        outgoing.write(&mut self.scratch.header);
        fill_payload(&mut self.scratch.payload, meta, payload, &numbers, item.form);
        let (header, body) = (&self.scratch.header, &self.scratch.payload);
        if !self.outbox.push(to, |out| srtp.sealer.seal_rtp(header, body, out).ok()) {
            return None;
        }
        down.pacer.spent(header.len() + body.len());
        let slot = down.slots.get_mut(item.slot)?;
        down.cap.on_sent(slot.config.kind, header.len() + body.len());
        if repair {
            slot.repair_sequence = slot.repair_sequence.wrapping_add(1);
            slot.sent.repairs += 1;
            self.counters.repairs_out += 1;
        } else {
            slot.sent.packets += 1;
            slot.sent.bytes += body.len() as u64;
            slot.report_due.get_or_insert(now);
            self.counters.media_out += 1;
            if item.form == Form::Blank {
                self.counters.blanks_out += 1;
            } else {
                slot.rewriter.remember(meta);
            }
            down.on_left();
        }
        Some(())
    }
}

/// The header extensions of a packet that leaves, as far as the receiver negotiated them.
fn elements<'a>(ids: &Extensions, slot: &'a Slot, meta: &Meta, now: Ntp) -> Elements<'a> {
    Elements {
        // The mid is repeated until the receiver has reported on the SSRC, as RFC 8843 §15.2 advises.
        mid: ids.mid.filter(|_| slot.sent.report.is_none()).map(|id| (id, slot.config.mid.as_bytes())),
        // Not every receiver takes it for sound, and what it is for is the picture's line.
        abs_send_time: ids.abs_send_time.filter(|_| slot.config.kind == Kind::Video).map(|id| (id, abs_send_time(now))),
        audio_level: ids.audio_level.zip(meta.audio_level),
        video_orientation: ids.video_orientation.zip(meta.video_orientation),
    }
}

fn payload_type(down: &Down, codec: crate::command::Codec, repair: bool) -> Option<u8> {
    let taken = down.codec(codec)?;
    if repair { taken.rtx_payload_type } else { Some(taken.payload_type) }
}

/// A retransmission's payload is the original sequence number and the original payload. Source: RFC 4588 §4.
fn fill_payload(out: &mut Vec<u8>, meta: &Meta, payload: &[u8], numbers: &Numbers, form: Form) {
    out.clear();
    if form == Form::Blank {
        return;
    }
    if form == Form::Repair {
        out.extend_from_slice(&(numbers.sequence as u16).to_be_bytes());
    }
    let start = out.len();
    out.extend_from_slice(payload);
    if let (Some(vp8), Some(copy)) = (meta.vp8, out.get_mut(start..)) {
        vp8.rewrite(copy, numbers.picture_id, numbers.tl0_index);
    }
}
