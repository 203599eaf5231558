//! What Python wants: connections, tracks, slots. Each command is carried out whole or refused in words.

use std::time::Instant;

use super::Node;
use super::connection::{Connection, Side};
use crate::command::{Command, ConnId, Direction, Event, Kind, ReceiveTrack, TrackId};
use crate::forward::choice::{Choice, View};
use crate::forward::keyframes::LAYERS_MAX;
use crate::forward::publisher::{Stream, Subscription, TRACKS_MAX, Track, Up};
use crate::forward::subscriber::Down;

type Outcome = Result<(), &'static str>;

const NO_CONNECTION: &str = "no such connection";

impl Node {
    /// Carries out a command; a refused one becomes an event.
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        let (name, conn) = command.subject();
        if let Err(reason) = self.carry_out(command, now) {
            self.events.push_back(Event::Refused { command: name.into(), conn, reason: reason.into() });
        }
    }

    fn carry_out(&mut self, command: Command, now: Instant) -> Outcome {
        match command {
            Command::Open { conn, direction, ufrag, pwd } => self.open(conn, direction, &ufrag, &pwd, now),
            Command::Remote { conn, ufrag, setup, fingerprint } => {
                let key = self.key(conn)?;
                self.connection(key)?.set_remote(&ufrag, setup, fingerprint, now)?;
                self.drive(key, now);
                self.work(now);
                Ok(())
            }
            Command::Restart { conn, ufrag, pwd } => self.restart(conn, &ufrag, &pwd),
            Command::Receive { conn, tracks, extensions } => {
                let key = self.key(conn)?;
                self.receive(key, tracks)?;
                self.up(key)?.extensions = extensions;
                Ok(())
            }
            Command::Send { conn, slots, codecs, extensions } => {
                let key = self.key(conn)?;
                self.down(key)?.configure(slots, codecs, extensions);
                Ok(())
            }
            Command::Assign { conn, slot, track } => self.assign(conn, slot, track, now),
            Command::View { conn, slot, width, height, pinned } => {
                self.view(conn, slot, View { width, height, pinned }, now)
            }
            Command::Close { conn } => {
                let key = self.key(conn)?;
                self.close(key);
                Ok(())
            }
        }
    }

    fn open(&mut self, conn: ConnId, direction: Direction, ufrag: &str, pwd: &str, now: Instant) -> Outcome {
        if self.by_id.contains_key(&conn) || self.by_ufrag.contains_key(ufrag) {
            return Err("the connection's number or user fragment is in use");
        }
        let side = match direction {
            Direction::Up => Side::Up(Box::default()),
            Direction::Down => Side::Down(Box::new(Down::new(now))),
        };
        if self.connections.is_empty() {
            self.next_tick = now;
        }
        let key = self.connections.insert(Connection::new(conn, ufrag, pwd, side, now));
        self.by_id.insert(conn, key);
        self.by_ufrag.insert(ufrag.into(), key);
        Ok(())
    }

    fn restart(&mut self, conn: ConnId, ufrag: &str, pwd: &str) -> Outcome {
        let key = self.key(conn)?;
        if self.by_ufrag.contains_key(ufrag) {
            return Err("the user fragment is in use");
        }
        if let Some(unused) = self.connection(key)?.restart(ufrag, pwd) {
            self.by_ufrag.remove(&unused);
        }
        self.by_ufrag.insert(ufrag.into(), key);
        Ok(())
    }

    fn receive(&mut self, key: usize, tracks: Vec<ReceiveTrack>) -> Outcome {
        if tracks.len() > TRACKS_MAX {
            return Err("a connection may have 16 tracks at most");
        }
        if tracks.iter().any(|track| track.rids.len() > LAYERS_MAX) {
            return Err("a track may have 3 simulcast layers at most");
        }
        let old = std::mem::take(&mut self.up(key)?.tracks);
        let (mut keys, gone): (Vec<_>, Vec<_>) = old.into_iter().partition(|track| {
            let id = self.tracks.get(*track).map(|track| track.config.track);
            tracks.iter().any(|wanted| Some(wanted.track) == id)
        });
        let up = self.up(key)?;
        // Before anything is added: a new track may get the key of one that is gone, and must not get its SSRCs.
        up.ssrcs.retain(|_, stream| !gone.contains(&stream.track));
        gone.into_iter().for_each(|track| self.remove_track(track));
        for config in tracks {
            match self.track_by_id.get(&config.track).copied() {
                Some(track) => self.reconfigure(track, config),
                None => keys.push(self.add_track(key, config)),
            }
        }
        let announced: Vec<_> = keys.iter().flat_map(|track| self.announced_ssrcs(*track)).collect();
        let up = self.up(key)?;
        up.tracks = keys;
        announced.into_iter().for_each(|(ssrc, stream)| up.bind(ssrc, stream));
        Ok(())
    }

    /// A renegotiated track goes on; with other layers or another codec it begins anew, in the same slots.
    fn reconfigure(&mut self, key: usize, config: ReceiveTrack) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        if (&track.config.rids, track.config.codec) == (&config.rids, config.codec) {
            if let Some(ssrc) = config.ssrc {
                self.note_ssrc(Stream { track: key, layer: 0, repair: false }, ssrc);
            }
            if let Some(track) = self.tracks.get_mut(key) {
                track.config = config;
            }
            if self.tracks.get(key).is_some_and(|track| track.config.voice_group.is_none()) {
                self.forward(key, true);
            }
            return;
        }
        let (connection, live) = (track.connection, track.live);
        let subscribers = std::mem::take(&mut track.subscribers);
        *track = Track { live, ..Track::new(config, connection) };
        track.subscribers.clone_from(&subscribers);
        for Subscription { connection, slot } in subscribers {
            if let Ok(down) = self.down(connection)
                && let Some(slot) = down.slots.get_mut(slot)
            {
                slot.restart();
            }
        }
        if let Ok(up) = self.up(connection) {
            up.ssrcs.retain(|_, stream| stream.track != key);
        }
    }

    fn add_track(&mut self, connection: usize, config: ReceiveTrack) -> usize {
        let id = config.track;
        let track = self.tracks.insert(Track::new(config, connection));
        self.track_by_id.insert(id, track);
        track
    }

    /// SSRCs that the offer names; with simulcast it names none that can be told apart.
    fn announced_ssrcs(&self, key: usize) -> Vec<(u32, Stream)> {
        let Some(config) = self.tracks.get(key).map(|track| &track.config).filter(|config| config.rids.is_empty())
        else {
            return Vec::new();
        };
        let stream = |repair| Stream { track: key, layer: 0, repair };
        let media = config.ssrc.map(|ssrc| (ssrc, stream(false)));
        let repair = config.rtx_ssrc.map(|ssrc| (ssrc, stream(true)));
        media.into_iter().chain(repair).collect()
    }

    fn remove_track(&mut self, key: usize) {
        let Some(track) = self.tracks.try_remove(key) else { return };
        self.track_by_id.remove(&track.config.track);
        for subscription in track.subscribers {
            if let Ok(down) = self.down(subscription.connection)
                && let Some(slot) = down.slots.get_mut(subscription.slot)
            {
                slot.forget(key);
            }
        }
    }

    fn assign(&mut self, conn: ConnId, slot: u32, track: Option<TrackId>, now: Instant) -> Outcome {
        let key = self.key(conn)?;
        let wanted = match track {
            Some(id) => Some(*self.track_by_id.get(&id).ok_or("no such track")?),
            None => None,
        };
        let found = wanted.and_then(|track| self.tracks.get(track));
        let (kind, forwarded) = (found.map(|track| track.config.kind), found.is_some_and(|track| track.forwarded));
        let slots = &mut self.down(key)?.slots;
        let index = slots.iter().position(|candidate| candidate.config.slot == slot).ok_or("no such slot")?;
        let target = slots.get_mut(index).ok_or("no such slot")?;
        if kind.is_some_and(|kind| kind != target.config.kind) {
            return Err("the track and the slot are of different kinds");
        }
        if target.track == wanted {
            return Ok(());
        }
        let before = target.track;
        target.assign(wanted, now);
        let stays = target.forwarded();
        if kind == Some(Kind::Audio) {
            target.choose(forwarded.then_some(Choice::WHOLE));
        }
        let subscription = Subscription { connection: key, slot: index };
        // What is still forwarded until the new picture is there keeps its subscription.
        self.unsubscribe(before.filter(|before| stays != Some(*before)), subscription);
        self.subscribe(wanted, subscription);
        self.choose(key, now);
        Ok(())
    }

    fn view(&mut self, conn: ConnId, slot: u32, view: View, now: Instant) -> Outcome {
        let key = self.key(conn)?;
        let slots = &mut self.down(key)?.slots;
        let target = slots.iter_mut().find(|candidate| candidate.config.slot == slot).ok_or("no such slot")?;
        if target.config.kind != Kind::Video {
            return Err("a slot of sound has no size");
        }
        target.set_view(view);
        self.choose(key, now);
        Ok(())
    }

    fn subscribe(&mut self, track: Option<usize>, subscription: Subscription) {
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(track))
            && !track.subscribers.contains(&subscription)
        {
            track.subscribers.push(subscription);
        }
    }

    pub(super) fn unsubscribe(&mut self, track: Option<usize>, subscription: Subscription) {
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(track)) {
            track.subscribers.retain(|other| *other != subscription);
        }
    }

    /// Says goodbye to the peer and forgets the connection, its tracks and its slots.
    pub(super) fn close(&mut self, key: usize) {
        self.write_byes(key);
        if let Some(connection) = self.connections.get_mut(key) {
            connection.close(&mut self.outbox);
        }
        self.forget(key);
    }

    /// Closes every connection.
    pub fn close_all(&mut self) {
        let keys: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        keys.into_iter().for_each(|key| self.close(key));
    }

    /// The connection is dead: tells Python and forgets it.
    pub(super) fn fail(&mut self, key: usize, reason: String) {
        if let Some(connection) = self.connections.get(key) {
            self.events.push_back(Event::Failed { conn: connection.id, reason });
        }
        self.forget(key);
    }

    fn forget(&mut self, key: usize) {
        let Some(connection) = self.connections.try_remove(key) else { return };
        self.by_id.remove(&connection.id);
        for ufrag in connection.ufrags() {
            self.by_ufrag.remove(ufrag);
        }
        self.handshakes.forget(key, &connection);
        self.by_address.retain(|_, owner| *owner != key);
        self.pacing.retain(|paced| *paced != key);
        match connection.side {
            Side::Up(up) => up.tracks.into_iter().for_each(|track| self.remove_track(track)),
            Side::Down(down) => {
                self.counters.abandoned += down.pacer.len() as u64;
                for (slot, state) in down.slots.iter().enumerate() {
                    self.unsubscribe(state.track, Subscription { connection: key, slot });
                    self.unsubscribe(state.forwarded(), Subscription { connection: key, slot });
                }
            }
        }
    }

    fn key(&self, conn: ConnId) -> Result<usize, &'static str> {
        self.by_id.get(&conn).copied().ok_or(NO_CONNECTION)
    }

    fn connection(&mut self, key: usize) -> Result<&mut Connection, &'static str> {
        self.connections.get_mut(key).ok_or(NO_CONNECTION)
    }

    fn up(&mut self, key: usize) -> Result<&mut Up, &'static str> {
        match &mut self.connection(key)?.side {
            Side::Up(up) => Ok(up),
            Side::Down(_) => Err("the connection only sends"),
        }
    }

    fn down(&mut self, key: usize) -> Result<&mut Down, &'static str> {
        match &mut self.connection(key)?.side {
            Side::Down(down) => Ok(down),
            Side::Up(_) => Err("the connection only receives"),
        }
    }
}
