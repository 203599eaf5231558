//! What time brings: handshakes go on, dead peers go, NACKs, key frame requests and reports are sent.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::connection::{Progress, Side};
use super::{Node, TICK};
use crate::command::Event;
use crate::forward::choice::Choice;
use crate::forward::publisher::Subscription;
use crate::forward::voices::Voice;
use crate::outbox::{DATAGRAM_MAX, Outbox};
use crate::rtp::rtcp::{self, SenderInfo};
use crate::transport::srtp::{RTCP_OVERHEAD_MAX, Sealer};

/// Voices are looked at every 50 ms: a word's beginning is lost no longer.
const LISTEN_TICKS: u64 = 5;
/// Layers are chosen anew every 100 ms, and at once where a viewer or a publisher changes something.
const CHOOSE_TICKS: u64 = 10;
/// Reports go out once a second, as browsers send theirs.
const REPORT: Duration = Duration::from_secs(1);
/// Transport-wide feedback goes out this often: libwebrtc's own default is 100 ms, and 50 finds a drop sooner. At 1.5 Mbit/s
/// it is some 8 kbit/s.
const FEEDBACK: Duration = Duration::from_millis(50);
/// Until publishers' links are estimated, the cap they are told (REMB): a county hospital's line. Source: domain.md.
const UPLINK_BPS: u64 = 10_000_000;
/// The SSRC of our own feedback; it sends no media. Source: libwebrtc's receivers use 1 as well.
const OUR_SSRC: u32 = 1;
/// The canonical name in our receiver reports.
const OUR_CNAME: &str = "telepresence";

impl Node {
    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.connections.is_empty() || now < self.next_tick {
            return;
        }
        self.next_tick = now + TICK;
        self.ticks += 1;
        if self.ticks.is_multiple_of(LISTEN_TICKS) {
            self.listen(now);
        }
        if self.ticks.is_multiple_of(CHOOSE_TICKS) {
            self.tracks.iter_mut().for_each(|(_, track)| track.measure(now));
            for key in 0..self.connections.capacity() {
                self.choose(key, now);
                self.tell_pauses(key, now);
            }
        }
        self.refill_handshakes();
        for key in 0..self.connections.capacity() {
            if self.connections.contains(key) {
                self.drive(key, now);
                self.want_keyframes(key);
                self.let_go(key, now);
            }
        }
        self.work(now);
        for key in 0..self.connections.capacity() {
            if self.connections.contains(key) {
                self.write_feedback(key, now);
                self.write_reports(key, now);
            }
        }
    }

    /// Goes on with a handshake, and with the connection's end where it has come.
    pub(super) fn drive(&mut self, key: usize, now: Instant) {
        self.begin(key, now);
        let Some(connection) = self.connections.get_mut(key) else { return };
        match connection.drive(&mut self.outbox, now) {
            Progress::Connected => {
                self.handshakes.ended();
                self.counters.handshakes += 1;
                self.events.push_back(Event::Connected { conn: connection.id });
            }
            Progress::Dead(reason) => self.fail(key, reason),
            Progress::Nothing | Progress::Established(_) => {}
        }
    }

    /// Slots that wait for a key frame make their tracks ask for one.
    fn want_keyframes(&mut self, key: usize) {
        let Some(connection) = self.connections.get(key).filter(|connection| connection.is_connected()) else { return };
        let Side::Down(down) = &connection.side else { return };
        for (track, layer) in down.slots.iter().filter_map(|slot| slot.track.zip(slot.awaits())) {
            // Who cannot decode a source waits for none of its key frames.
            if let Some(track) = self.tracks.get_mut(track).filter(|track| down.codec(track.config.codec).is_some()) {
                track.keyframes.want(layer);
            }
        }
    }

    /// Tracks that were in a slot and whose picture has gone from it send nothing there any more.
    fn let_go(&mut self, key: usize, now: Instant) {
        let mut index = 0;
        while let Some(Side::Down(down)) = self.connections.get_mut(key).map(|connection| &mut connection.side)
            && let Some(slot) = down.slots.get_mut(index)
        {
            if let Some(track) = slot.take_released(now).filter(|track| Some(*track) != slot.track) {
                self.unsubscribe(Some(track), Subscription { connection: key, slot: index });
            }
            index += 1;
        }
    }

    /// Chooses the layer of each picture of a subscriber anew.
    pub(super) fn choose(&mut self, key: usize, now: Instant) {
        let tracks = &self.tracks;
        if let Some(Side::Down(down)) = self.connections.get_mut(key).map(|connection| &mut connection.side) {
            down.choose(|track| tracks.get(track), now);
        }
    }

    /// Tells which pictures a subscriber's link does not carry, where they are others than before.
    fn tell_pauses(&mut self, key: usize, now: Instant) {
        let tracks = &self.tracks;
        if let Some(connection) = self.connections.get_mut(key)
            && let Side::Down(down) = &mut connection.side
            && let Some(paused) = down.look_for_pauses(|track| tracks.get(track), now)
        {
            self.events.push_back(Event::Paused { conn: connection.id, slots: paused.to_vec() });
        }
    }

    /// Chooses for everyone who takes a track.
    pub(super) fn choose_for(&mut self, track: usize, now: Instant) {
        let Some(count) = self.tracks.get(track).map(|track| track.subscribers.len()) else { return };
        for index in 0..count {
            let subscription = self.tracks.get(track).and_then(|track| track.subscribers.get(index).copied());
            if let Some(subscription) = subscription {
                self.choose(subscription.connection, now);
            }
        }
    }

    /// Looks who is loud in each group of voices, forwards those, and tells.
    fn listen(&mut self, now: Instant) {
        let mut voices: FxHashMap<u64, Vec<Voice>> = FxHashMap::default();
        for (_, track) in self.tracks.iter().filter(|(_, track)| track.live) {
            if let Some(group) = track.config.voice_group {
                let loudness = track.level.loudness(now);
                voices.entry(group).or_default().push(Voice { track: track.config.track, loudness });
            }
        }
        self.voices.retain(|group, _| voices.contains_key(group));
        for (group, voices) in voices {
            let heard = self.voices.entry(group).or_default();
            let changed = heard.update(&voices, now);
            let (loudest, speaker) = (heard.forwarded.clone(), heard.speaker);
            // Each time: a voice that is new changes nothing where it is too quiet, and must not be forwarded for that.
            for voice in &voices {
                if let Some(key) = self.track_by_id.get(&voice.track).copied() {
                    self.forward(key, loudest.contains(&voice.track));
                }
            }
            if changed {
                self.events.push_back(Event::Voices { group, loudest, speaker });
            }
        }
    }

    /// A track of sound is forwarded from now on, or is not.
    pub(super) fn forward(&mut self, key: usize, forwarded: bool) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.forwarded != forwarded) else { return };
        track.forwarded = forwarded;
        for Subscription { connection, slot } in &track.subscribers {
            if let Some(Side::Down(down)) = self.connections.get_mut(*connection).map(|other| &mut other.side)
                && let Some(slot) = down.slots.get_mut(*slot)
            {
                slot.choose(forwarded.then_some(Choice::WHOLE));
            }
        }
    }

    /// NACKs and key frame requests to a publisher.
    fn write_feedback(&mut self, key: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let (Some(to), Some(srtp), Side::Up(up)) = (connection.selected, &mut connection.srtp, &mut connection.side)
        else {
            return;
        };
        let out = &mut self.scratch.rtcp;
        out.clear();
        for track in &up.tracks {
            let Some(track) = self.tracks.get_mut(*track) else { continue };
            for layer in &mut track.layers {
                layer.nack.due(now, &mut self.scratch.sequences);
                if let Some(ssrc) = layer.ssrc.filter(|_| !self.scratch.sequences.is_empty()) {
                    self.counters.nacks_out += self.scratch.sequences.len() as u64;
                    rtcp::write_nack(out, OUR_SSRC, ssrc, self.scratch.sequences.iter().copied());
                    send(&mut srtp.sealer, out, to, &mut self.outbox);
                }
            }
            while track.config.pli
                && let Some(layer) = track.keyframe_due(now)
            {
                if let Some(ssrc) = track.layers.get(layer).and_then(|layer| layer.ssrc) {
                    self.counters.keyframe_requests_out += 1;
                    rtcp::write_pli(out, OUR_SSRC, ssrc);
                }
            }
            send(&mut srtp.sealer, out, to, &mut self.outbox);
        }
        if up.arrivals.is_due() && up.feedback_sent.is_none_or(|sent| now.duration_since(sent) >= FEEDBACK) {
            let mut layers =
                up.tracks.iter().filter_map(|track| self.tracks.get(*track)).flat_map(|track| &track.layers);
            let media = layers.find_map(|layer| layer.ssrc).unwrap_or(OUR_SSRC);
            up.feedback_sent = Some(now);
            up.arrivals.write(out, OUR_SSRC, media);
            self.counters.transport_feedback_out += 1;
            send(&mut srtp.sealer, out, to, &mut self.outbox);
        }
    }

    fn write_reports(&mut self, key: usize, now: Instant) {
        match self.connections.get(key).map(|connection| &connection.side) {
            Some(Side::Up(up)) if up.report_due.is_some_and(|due| due <= now) => self.write_receiver_report(key, now),
            Some(Side::Down(_)) => self.write_sender_reports(key, now),
            _ => {}
        }
    }

    fn write_receiver_report(&mut self, key: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let (Some(to), Some(srtp), Side::Up(up)) = (connection.selected, &mut connection.srtp, &mut connection.side)
        else {
            return;
        };
        up.report_due = Some(now + REPORT);
        let (mut blocks, mut ssrcs) = (Vec::new(), Vec::new());
        for track in &up.tracks {
            let Some(track) = self.tracks.get_mut(*track) else { continue };
            for layer in &mut track.layers {
                let Some(ssrc) = layer.ssrc else { continue };
                blocks.push(layer.reception.block(ssrc, now));
                ssrcs.extend(track.config.remb.then_some(ssrc));
            }
        }
        let out = &mut self.scratch.rtcp;
        out.clear();
        for blocks in blocks.chunks(rtcp::BLOCKS_MAX) {
            send(&mut srtp.sealer, out, to, &mut self.outbox);
            rtcp::write_receiver_report(out, OUR_SSRC, blocks, OUR_CNAME);
        }
        if !ssrcs.is_empty() {
            rtcp::write_remb(out, OUR_SSRC, UPLINK_BPS, &ssrcs);
        }
        send(&mut srtp.sealer, out, to, &mut self.outbox);
    }

    /// Says goodbye for every stream of which something was sent.
    pub(super) fn write_byes(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let (Some(to), Some(srtp), Side::Down(down)) = (connection.selected, &mut connection.srtp, &connection.side)
        else {
            return;
        };
        let ssrcs: Vec<u32> =
            down.slots.iter().filter(|slot| slot.sent.packets > 0).map(|slot| slot.config.ssrc).collect();
        let out = &mut self.scratch.rtcp;
        out.clear();
        for ssrcs in ssrcs.chunks(rtcp::BLOCKS_MAX) {
            rtcp::write_receiver_report(out, OUR_SSRC, &[], OUR_CNAME);
            rtcp::write_bye(out, ssrcs);
            send(&mut srtp.sealer, out, to, &mut self.outbox);
        }
    }

    fn write_sender_reports(&mut self, key: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let (Some(to), Some(srtp), Side::Down(down)) =
            (connection.selected, &mut connection.srtp, &mut connection.side)
        else {
            return;
        };
        let ntp = self.wall.at(now);
        let out = &mut self.scratch.rtcp;
        out.clear();
        for slot in down.slots.iter_mut().filter(|slot| slot.report_due.is_some_and(|due| due <= now)) {
            // A paused slot's reports go on by the clock of what was last in it.
            let Some((source, offset)) = slot.rewriter.clock() else { continue };
            let Some(rtp) = self
                .tracks
                .get(source.track)
                .and_then(|track| track.layers.get(source.layer)?.timestamp_at(ntp, track.config.clock_rate))
            else {
                continue;
            };
            slot.report_due = Some(now + REPORT);
            slot.sent.on_sender_report(ntp, now);
            let info = SenderInfo {
                ntp,
                rtp: rtp.wrapping_add(offset),
                packets: slot.sent.packets as u32,
                bytes: slot.sent.bytes as u32,
            };
            rtcp::write_sender_report(out, slot.config.ssrc, &info, &slot.config.cname);
            if out.len() > DATAGRAM_MAX / 2 {
                send(&mut srtp.sealer, out, to, &mut self.outbox);
            }
        }
        send(&mut srtp.sealer, out, to, &mut self.outbox);
    }
}

/// Seals and sends a compound packet, if there is one, and empties it. One that cannot be sent is dropped: the next tick says it again.
fn send(sealer: &mut Sealer, compound: &mut Vec<u8>, to: crate::transport::Pair, outbox: &mut Outbox) {
    if !compound.is_empty() && compound.len() + RTCP_OVERHEAD_MAX <= DATAGRAM_MAX {
        outbox.push(to, |out| sealer.seal_rtcp(compound, out).ok());
    }
    compound.clear();
}
