//! A datagram's way in: whose is it, is it authentic, what is it, who takes it.

use std::time::{Duration, Instant};

use super::Node;
use super::connection::{Checked, Side};
use crate::command::{Event, Extensions};
use crate::drops::DropReason;
use crate::forward::publisher::{Stream, Subscription, Track, Up};
use crate::forward::rewriter::Source;
use crate::forward::store::Meta;
use crate::rtp::bytes::u16_at;
use crate::rtp::header::Header;
use crate::rtp::rtcp::{self, Report};
use crate::transport::dtls::check_records;
use crate::transport::stun::{self, BindingRequest};
use crate::transport::{Pair, Protocol, classify};

/// ICE role conflict. Source: RFC 8445 §7.3.1.1.
const ROLE_CONFLICT: u16 = 487;

impl Node {
    /// Takes a datagram that arrived at `now` by the pair; it is decrypted in place. What cannot be used is counted by reason.
    pub fn handle_datagram(&mut self, from: Pair, datagram: &mut [u8], now: Instant) {
        self.counters.datagrams_in += 1;
        self.counters.bytes_in += datagram.len() as u64;
        if let Err(reason) = self.take(from, datagram, now) {
            self.drop_packet(reason);
        }
    }

    fn take(&mut self, from: Pair, datagram: &mut [u8], now: Instant) -> Result<(), DropReason> {
        let protocol = classify(datagram)?;
        if let Protocol::Stun = protocol {
            return self.on_stun(from, datagram, now);
        }
        let key = *self.by_address.get(&from.remote).ok_or(DropReason::UnknownAddress)?;
        match protocol {
            Protocol::Dtls => {
                check_records(datagram)?;
                self.on_dtls(key, datagram, now)
            }
            Protocol::Rtp => self.on_rtp(key, from, datagram, now),
            _ => self.on_rtcp(key, from, datagram, now),
        }
    }

    fn on_stun(&mut self, from: Pair, datagram: &[u8], now: Instant) -> Result<(), DropReason> {
        let request = BindingRequest::parse(datagram)?;
        let key = *self.by_ufrag.get(request.local_ufrag).ok_or(DropReason::StunUnknownUser)?;
        let connection = self.connections.get(key).ok_or(DropReason::StunUnknownUser)?;
        let credentials = connection.credentials(request.local_ufrag).ok_or(DropReason::StunUnknownUser)?;
        let pwd = credentials.pwd.as_bytes();
        request.verify(pwd)?;
        if !credentials.accepts(request.remote_ufrag) {
            return Err(DropReason::StunUnknownUser);
        }
        if request.controlled {
            self.outbox.push(from, |out| {
                Some(stun::write_error(out, &request.transaction, ROLE_CONFLICT, "Role Conflict", pwd))
            });
            return Ok(());
        }
        if request.unknown {
            self.outbox.push(from, |out| Some(stun::write_unknown_attributes(out, &request, pwd)));
            return Ok(());
        }
        let remote = from.remote;
        if self.by_address.get(&remote).is_some_and(|owner| *owner != key && self.is_held(*owner, remote, now)) {
            return Err(DropReason::AddressTaken);
        }
        let connection = self.connections.get_mut(key).ok_or(DropReason::StunUnknownUser)?;
        let nominates = request.use_candidate;
        let checked = connection.on_check(from, request.local_ufrag, &request.transaction, nominates, now)?;
        // Looked up anew: a restart's first check has made its credentials the connection's own.
        let credentials = connection.credentials(request.local_ufrag).ok_or(DropReason::StunUnknownUser)?;
        let pwd = credentials.pwd.as_bytes();
        self.outbox.push(from, |out| Some(stun::write_success(out, &request.transaction, remote, pwd)));
        self.counters.stun_answered += 1;
        if let Checked::Fresh { evicted, replaced } = checked {
            if let Some(evicted) = evicted.filter(|evicted| self.by_address.get(evicted) == Some(&key)) {
                self.by_address.remove(&evicted);
            }
            if let Some(replaced) = replaced {
                self.by_ufrag.remove(&replaced);
            }
            self.by_address.insert(remote, key);
            self.drive(key, now);
            self.work(now);
        }
        Ok(())
    }

    fn is_held(&self, owner: usize, address: std::net::SocketAddr, now: Instant) -> bool {
        self.connections.get(owner).is_some_and(|connection| connection.holds(address, now))
    }

    fn on_rtp(&mut self, key: usize, from: Pair, packet: &mut [u8], now: Instant) -> Result<(), DropReason> {
        let connection = self.connections.get_mut(key).ok_or(DropReason::UnknownAddress)?;
        let srtp = connection.srtp.as_mut().ok_or(DropReason::SrtpEarly)?;
        let length = srtp.opener.open_rtp(packet)?;
        connection.on_authentic(from, now);
        let Side::Up(up) = &mut connection.side else { return Err(DropReason::WrongDirection) };
        let packet = packet.get(..length).ok_or(DropReason::RtpMalformed)?;
        let header = Header::parse(packet)?;
        up.report_due.get_or_insert(now);
        note_arrival(up, packet, &header, now.saturating_duration_since(self.wall.instant));
        let stream = match up.ssrcs.get(&header.ssrc) {
            Some(known) => *known,
            None => {
                let found = identify(up, &self.tracks, packet, &header)?;
                up.bind(header.ssrc, found);
                found
            }
        };
        let extensions = up.extensions;
        if !stream.repair {
            self.note_ssrc(stream, header.ssrc);
        }
        self.keep(stream, &extensions, packet, &header, now)
    }

    fn keep(
        &mut self,
        stream: Stream,
        extensions: &Extensions,
        packet: &[u8],
        header: &Header,
        now: Instant,
    ) -> Result<(), DropReason> {
        let track = self.tracks.get_mut(stream.track).ok_or(DropReason::UnknownTrack)?;
        if !stream.repair && track.config.payload_type != header.payload_type {
            return Err(DropReason::UnknownTrack);
        }
        let stored = track.on_packet(stream, extensions, packet, header, now)?;
        if !std::mem::replace(&mut track.live, true) {
            let conn = self.connections.get(track.connection).map_or(0, |connection| connection.id);
            self.events.push_back(Event::TrackLive { conn, track: track.config.track });
        }
        if track.is_new(stream.layer) {
            // What it begins with may be the only key frame for a while.
            track.arrange();
            self.choose_for(stream.track, now);
        }
        self.counters.media_in += 1;
        self.announce(stream, &stored.meta);
        Ok(())
    }

    /// A layer's media has this SSRC from now on: another one than before begins a new stream, for its slots too.
    pub(super) fn note_ssrc(&mut self, stream: Stream, ssrc: u32) {
        let Some(track) = self.tracks.get_mut(stream.track) else { return };
        let Some(layer) = track.layers.get_mut(stream.layer).filter(|layer| layer.ssrc != Some(ssrc)) else { return };
        if layer.ssrc.is_none() {
            layer.ssrc = Some(ssrc);
            return;
        }
        layer.restart(ssrc);
        for Subscription { connection, slot } in &track.subscribers {
            if let Some(Side::Down(down)) = self.connections.get_mut(*connection).map(|connection| &mut connection.side)
                && let Some(slot) = down.slots.get_mut(*slot).filter(|slot| slot.forwards(stream.track, stream.layer))
            {
                slot.restart();
            }
        }
    }

    /// Queues a stored packet for everyone who takes the track.
    fn announce(&mut self, stream: Stream, meta: &Meta) {
        let Some(track) = self.tracks.get(stream.track).filter(|track| track.forwarded) else { return };
        let Some(layer) = track.layers.get(stream.layer) else { return };
        let source = Source { track: stream.track, layer: stream.layer };
        for Subscription { connection, slot } in &track.subscribers {
            let Some(subscriber) = self.connections.get_mut(*connection).filter(|subscriber| subscriber.is_connected())
            else {
                continue;
            };
            let Side::Down(down) = &mut subscriber.side else { continue };
            let (idle, before) = (down.pacer.is_empty(), down.pacer.taken);
            if let Err(reason) = down.on_stored(*slot, source, meta, track.config.codec, &layer.store) {
                self.drops.count(reason);
            }
            self.counters.queued += down.pacer.taken - before;
            if idle && !down.pacer.is_empty() {
                self.pacing.push(*connection);
            }
        }
    }

    fn on_rtcp(&mut self, key: usize, from: Pair, packet: &mut [u8], now: Instant) -> Result<(), DropReason> {
        let connection = self.connections.get_mut(key).ok_or(DropReason::UnknownAddress)?;
        let srtp = connection.srtp.as_mut().ok_or(DropReason::SrtpEarly)?;
        let length = srtp.opener.open_rtcp(packet)?;
        connection.on_authentic(from, now);
        let compound = packet.get(..length).ok_or(DropReason::RtcpMalformed)?;
        rtcp::parse(compound, |report| self.on_report(key, report, now))
    }

    fn on_report(&mut self, key: usize, report: Report<'_>, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        match &mut connection.side {
            Side::Up(up) => {
                let stream = |ssrc| up.ssrcs.get(&ssrc).copied().filter(|stream| !stream.repair);
                match report {
                    Report::Sender { ssrc, ntp, rtp } => {
                        if let Some(stream) = stream(ssrc)
                            && let Some(track) = self.tracks.get_mut(stream.track)
                        {
                            track.on_sender_report(stream.layer, up, ntp, rtp, &self.wall, now);
                        }
                    }
                    Report::Bye { ssrc } => {
                        if let Some(stream) = stream(ssrc)
                            && let Some(track) = self.tracks.get_mut(stream.track)
                        {
                            track.on_bye(stream.layer);
                        }
                    }
                    _ => {}
                }
            }
            Side::Down(_) => self.on_feedback(key, report, now),
        }
    }

    fn on_feedback(&mut self, key: usize, report: Report<'_>, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Side::Down(down) = &mut connection.side else { return };
        match report {
            Report::Remb { bitrate, ssrcs } => down.on_remb(bitrate, ssrcs, now),
            Report::Reception(block) => {
                if let Some((_, slot)) = down.slot_of(block.ssrc) {
                    let packets = slot.sent.on_reception(block, now);
                    down.cap.on_reception(packets, block.fraction_lost);
                }
            }
            Report::Keyframe { media } => {
                self.counters.keyframe_requests_in += 1;
                // An empty or paused slot's requests are ignored: nothing would be forwarded.
                let source = down.slot_of(media).and_then(|(_, slot)| slot.track.zip(slot.wanted()));
                if let Some((track, layer)) = source
                    && let Some(track) = self.tracks.get_mut(track)
                    && down.codec(track.config.codec).is_some()
                {
                    track.keyframes.want(layer);
                }
            }
            Report::Nack { media, pairs } => {
                let (nacked, taken, idle) = (down.nacked, down.pacer.taken, down.pacer.is_empty());
                if let Some((index, _)) = down.slot_of(media) {
                    down.on_nack(index, pairs, |track| self.tracks.get(track), now);
                }
                self.counters.nacks_in += down.nacked - nacked;
                self.counters.queued += down.pacer.taken - taken;
                if idle && !down.pacer.is_empty() {
                    self.pacing.push(key);
                }
            }
            Report::Sender { .. } | Report::Bye { .. } => {}
        }
    }
}

/// Every authentic packet counts for the publisher's estimate, padding probes and unknown tracks too.
fn note_arrival(up: &mut Up, packet: &[u8], header: &Header, at: Duration) {
    let number =
        up.extensions.transport_cc.and_then(|id| header.extension(packet, id)).and_then(|value| u16_at(value, 0));
    if let Some(sequence) = number {
        up.arrivals.on_packet(sequence, at.as_micros() as i64);
    }
}

/// What an unknown SSRC carries: by its mid, or by its payload type where only one track without an SSRC has it; of a track with
/// layers by its rid, of retransmissions by the rid that they repair. Browsers send these until a report on the SSRC comes back.
fn identify(up: &Up, tracks: &slab::Slab<Track>, packet: &[u8], header: &Header) -> Result<Stream, DropReason> {
    let text = |id: Option<u8>| id.and_then(|id| header.extension(packet, id));
    let mid = text(up.extensions.mid);
    let (rid, repaired) = (text(up.extensions.rid), text(up.extensions.repaired_rid));
    let mut found = up.tracks.iter().filter_map(|key| {
        let track = tracks.get(*key)?;
        if mid.is_some_and(|mid| mid != track.config.mid.as_bytes()) {
            return None;
        }
        let repair = track.config.rtx_payload_type == Some(header.payload_type);
        if !repair && track.config.payload_type != header.payload_type {
            return None;
        }
        if !track.config.rids.is_empty() {
            let named = if repair { repaired.or(rid) } else { rid }?;
            let layer = track.layers.iter().position(|layer| layer.rid.as_bytes() == named)?;
            return Some(Stream { track: *key, layer, repair });
        }
        let other = if repair { track.config.rtx_ssrc } else { track.layers.first()?.ssrc };
        // Without a mid its SSRC would be known, and it is not this one.
        (mid.is_some() || other.is_none()).then_some(Stream { track: *key, layer: 0, repair })
    });
    let first = found.next().ok_or(DropReason::UnknownTrack)?;
    if found.next().is_some() { Err(DropReason::UnknownTrack) } else { Ok(first) }
}
