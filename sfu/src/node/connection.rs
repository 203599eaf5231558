//! One peer's transport: which address it has, its handshake, its keys.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::command::{ConnId, Setup};
use crate::drops::DropReason;
use crate::forward::publisher::Up;
use crate::forward::subscriber::Down;
use crate::outbox::{DATAGRAM_MAX, Outbox};
use crate::transport::Pair;
use crate::transport::dtls::{Certificate, Dtls, DtlsOutput, DtlsRole, Fingerprint};
use crate::transport::srtp::{Opener, Sealer};
use crate::transport::stun::Transactions;

/// A peer is gone when neither STUN nor SRTP of it was valid for so long. Source: security.md, "The media port".
const LIVENESS: Duration = Duration::from_secs(30);
/// A peer whose description does not come is given up: an offer that was lost, or nobody's.
const DESCRIPTION: Duration = Duration::from_secs(30);
/// An address stays its peer's for so long after it was heard: browsers check every 2.5 s, FFmpeg every 5 s.
const HELD: Duration = Duration::from_secs(10);
/// A handshake that has not ended by then never will. Source: security.md, "The media port".
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Datagrams of a handshake that may wait for the peer's description or for their turn: OpenSSL makes five of a client's
/// last flight, and some are repeated meanwhile.
const WAITING_MAX: usize = 8;
/// Addresses that one peer may have been validated at.
const ADDRESSES_MAX: usize = 8;

/// What a connection is for.
#[derive(Debug)]
pub enum Side {
    /// The peer publishes.
    Up(Box<Up>),
    /// The peer watches.
    Down(Box<Down>),
}

/// The keys of an established connection.
pub struct Srtp {
    /// For what leaves.
    pub sealer: Sealer,
    /// For what comes.
    pub opener: Opener,
}

/// One generation of ICE credentials.
#[derive(Debug)]
pub struct Credentials {
    /// Our user fragment.
    ufrag: Box<str>,
    /// Our password.
    pub pwd: Box<str>,
    /// The peer's user fragment, once its description is known.
    peer: Option<Box<str>>,
}

impl Credentials {
    fn new(ufrag: &str, pwd: &str) -> Self {
        Self { ufrag: ufrag.into(), pwd: pwd.into(), peer: None }
    }

    /// Whether a check that names `peer` may be this peer's; any may before its description is known.
    pub fn accepts(&self, peer: &str) -> bool {
        self.peer.as_ref().is_none_or(|known| **known == *peer)
    }
}

/// A peer connection.
pub struct Connection {
    /// Python's number for it.
    pub id: ConnId,
    /// What it is for.
    pub side: Side,
    /// The pair that media goes by.
    pub selected: Option<Pair>,
    /// Addresses that a valid check came from.
    addresses: Vec<Known>,
    /// Keys, once the handshake is done.
    pub srtp: Option<Srtp>,
    credentials: Credentials,
    /// Those of an ICE restart, until the first valid check with them.
    fresh: Option<Credentials>,
    /// The peer has used the credentials of a restart, and nominated nothing yet.
    restarted: bool,
    transactions: Transactions,
    moving: Option<Move>,
    remote: Option<Remote>,
    dtls: Option<Dtls>,
    /// When the handshake wants to be looked at again; unset while it has something to say.
    dtls_due: Option<Instant>,
    /// Datagrams of the handshake that were not looked at yet.
    waiting: VecDeque<Vec<u8>>,
    opened: Instant,
    alive: Instant,
    /// When the selected pair was last heard.
    heard: Instant,
}

/// An address that a valid check came from.
#[derive(Debug, Clone, Copy)]
struct Known {
    address: SocketAddr,
    /// Fresh checks from there.
    checks: u32,
}

/// A peer that may be moving to another pair.
#[derive(Debug, Clone, Copy)]
struct Move {
    to: Pair,
    /// Fresh checks from there, and the restart that they answer.
    proofs: u32,
    authentic: bool,
}

struct Remote {
    setup: Setup,
    fingerprint: Fingerprint,
}

impl Connection {
    /// A connection that answers checks for `ufrag`.
    pub fn new(id: ConnId, ufrag: &str, pwd: &str, side: Side, now: Instant) -> Self {
        Self {
            id,
            side,
            selected: None,
            addresses: Vec::new(),
            srtp: None,
            credentials: Credentials::new(ufrag, pwd),
            fresh: None,
            restarted: false,
            transactions: Transactions::new(),
            moving: None,
            remote: None,
            dtls: None,
            dtls_due: None,
            waiting: VecDeque::new(),
            opened: now,
            alive: now,
            heard: now,
        }
    }

    /// Whether media flows.
    pub fn is_connected(&self) -> bool {
        self.srtp.is_some()
    }

    /// Our user fragments that are answered.
    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.credentials).chain(&self.fresh).map(|credentials| &*credentials.ufrag)
    }

    /// The credentials that a check for `ufrag` must have.
    pub fn credentials(&self, ufrag: &str) -> Option<&Credentials> {
        std::iter::once(&self.credentials).chain(&self.fresh).find(|credentials| *credentials.ufrag == *ufrag)
    }

    /// The peer's description: DTLS may begin. Once it has, only the peer's user fragment is replaced.
    ///
    /// Errors: in words, when the peer would be another than the one that DTLS has begun with.
    pub fn set_remote(
        &mut self,
        ufrag: &str,
        setup: Setup,
        fingerprint: Fingerprint,
        now: Instant,
    ) -> Result<(), &'static str> {
        if self.dtls.is_none() {
            self.opened = now;
            self.remote = Some(Remote { setup, fingerprint });
        } else if self.remote.as_ref().is_none_or(|remote| remote.fingerprint != fingerprint) {
            return Err("DTLS has begun with another fingerprint; another peer needs another connection");
        }
        self.fresh.as_mut().unwrap_or(&mut self.credentials).peer = Some(ufrag.into());
        Ok(())
    }

    /// An ICE restart: checks with these credentials are answered too. Returns the user fragment of one that nobody used.
    pub fn restart(&mut self, ufrag: &str, pwd: &str) -> Option<Box<str>> {
        self.fresh.replace(Credentials::new(ufrag, pwd)).map(|unused| unused.ufrag)
    }

    /// A valid check for our `ufrag` came by `pair`.
    ///
    /// Errors: `StunReplayed` for a transaction that was seen, which moves nothing.
    pub fn on_check(
        &mut self,
        pair: Pair,
        ufrag: &str,
        transaction: &[u8; 12],
        nominates: bool,
        now: Instant,
    ) -> Result<Checked, DropReason> {
        if !self.transactions.insert(transaction) {
            // From where it is known it is the peer's own repetition: its answer was lost. From elsewhere it is a stranger's.
            let known = self.addresses.iter().any(|known| known.address == pair.remote);
            return if known { Ok(Checked::Again) } else { Err(DropReason::StunReplayed) };
        }
        self.alive = now;
        let replaced = self.renew(ufrag);
        let (checks, evicted) = self.know(pair.remote);
        self.select(pair, nominates, checks, now);
        Ok(Checked::Fresh { evicted, replaced })
    }

    /// The first valid check with a restart's credentials makes them the only ones. Returns the user fragment that was.
    fn renew(&mut self, ufrag: &str) -> Option<Box<str>> {
        let fresh = self.fresh.take_if(|fresh| *fresh.ufrag == *ufrag)?;
        self.restarted = true;
        Some(std::mem::replace(&mut self.credentials, fresh).ufrag)
    }

    /// Counts a fresh check from the address; returns how many there were, and the address that fell out for it.
    fn know(&mut self, address: SocketAddr) -> (u32, Option<SocketAddr>) {
        if let Some(known) = self.addresses.iter_mut().find(|known| known.address == address) {
            known.checks = known.checks.saturating_add(1);
            return (known.checks, None);
        }
        let selected = self.selected.map(|pair| pair.remote);
        let oldest = self.addresses.iter().position(|known| Some(known.address) != selected);
        let evicted = match oldest {
            Some(index) if self.addresses.len() >= ADDRESSES_MAX => Some(self.addresses.remove(index).address),
            _ => None,
        };
        self.addresses.push(Known { address, checks: 1 });
        (1, evicted)
    }

    /// Media moves to another pair once that was nominated, a second fresh check came from there and, where there are keys,
    /// an authentic packet: checks can be held back and replayed later than their ids are remembered, SRTP cannot.
    ///
    /// An ICE restart counts as the first of the two checks. It came over the signaling socket of the peer itself, and nobody
    /// can have held back a check with credentials that did not exist: so the one check that Firefox makes of a pair before
    /// its keep-alives is enough, and a network that is gone costs no five seconds more. The authentic packet is asked for
    /// as ever; a client sends on the pair that it nominates.
    ///
    /// A pair need not be nominated where the selected one is silent: behind a NAT that has forgotten its mapping, Firefox
    /// only repeats its keep-alives, which nominate nothing.
    fn select(&mut self, pair: Pair, nominates: bool, checks: u32, now: Instant) {
        if self.selected.is_none_or(|selected| selected == pair) {
            self.selected = Some(pair);
            self.heard = now;
            if nominates {
                (self.moving, self.restarted) = (None, false);
            }
            return;
        }
        let silent = now.duration_since(self.heard) >= HELD;
        let begun = self.moving.filter(|moving| moving.to == pair);
        if begun.is_none() && !nominates && !silent {
            return;
        }
        let before = begun.map_or(0, |moving| moving.proofs);
        let proofs = checks + u32::from(nominates && std::mem::take(&mut self.restarted));
        let authentic = begun.is_some_and(|moving| moving.authentic);
        self.moving = Some(Move { to: pair, proofs: before.max(proofs), authentic });
        self.finish_move(now);
    }

    fn finish_move(&mut self, now: Instant) {
        if let Some(moving) = self.moving
            && moving.proofs >= 2
            && (moving.authentic || self.srtp.is_none())
        {
            self.selected = Some(moving.to);
            self.heard = now;
            self.moving = None;
        }
    }

    /// Whether the address is this live peer's and nobody else's.
    pub fn holds(&self, address: SocketAddr, now: Instant) -> bool {
        self.addresses.iter().any(|known| known.address == address)
            && self.is_connected()
            && now.duration_since(self.alive) < HELD
    }

    /// A packet of the peer was authentic.
    pub fn on_authentic(&mut self, pair: Pair, now: Instant) {
        self.alive = now;
        if self.selected == Some(pair) {
            self.heard = now;
        } else if let Some(moving) = &mut self.moving
            && moving.to == pair
        {
            moving.authentic = true;
            self.finish_move(now);
        }
    }

    /// Keeps a datagram of the handshake until its turn.
    ///
    /// Errors: `DtlsEarly` when too many wait for the peer's description, `DtlsBusy` when too many wait for their turn.
    pub fn keep(&mut self, datagram: &[u8]) -> Result<(), DropReason> {
        if self.waiting.len() >= WAITING_MAX {
            return Err(if self.dtls.is_some() { DropReason::DtlsBusy } else { DropReason::DtlsEarly });
        }
        self.waiting.push_back(datagram.to_vec());
        Ok(())
    }

    /// Datagrams of the handshake that can be worked on.
    pub fn backlog(&self) -> usize {
        if self.dtls.is_some() { self.waiting.len() } else { 0 }
    }

    /// Works on one waiting datagram. Errors: `DtlsRefused`; what ends the connection comes out of `drive`.
    pub fn work(&mut self, now: Instant) -> Result<(), DropReason> {
        let (Some(dtls), Some(datagram)) = (&mut self.dtls, self.waiting.pop_front()) else { return Ok(()) };
        self.dtls_due = None;
        dtls.handle_datagram(&datagram, now).map_err(|_| DropReason::DtlsRefused)
    }

    /// Whether all is there for a handshake that has not begun.
    pub fn is_ready_for_dtls(&self) -> bool {
        self.dtls.is_none() && self.selected.is_some() && self.remote.is_some()
    }

    /// Whether its handshake has begun and is not done.
    pub fn is_shaking_hands(&self) -> bool {
        self.dtls.is_some() && self.srtp.is_none()
    }

    /// Begins the handshake.
    pub fn begin(&mut self, certificate: &Certificate, now: Instant) {
        let Some(remote) = &self.remote else { return };
        let role = match remote.setup {
            Setup::Active => DtlsRole::Client,
            Setup::Passive => DtlsRole::Server,
        };
        self.dtls = Some(Dtls::new(certificate, role, remote.fingerprint, now));
    }

    /// Goes on with the handshake and ends it. Returns what there is to tell.
    pub fn drive(&mut self, outbox: &mut Outbox, now: Instant) -> Progress {
        let Some(to) = self.selected else { return self.limits(now) };
        if let Some(dtls) = &mut self.dtls
            && self.dtls_due.is_none_or(|due| due <= now)
        {
            if let Err(error) = dtls.handle_timeout(now)
                && error.is_fatal()
            {
                return Progress::Dead(error.to_string());
            }
            match flush(dtls, to, outbox, &mut self.dtls_due) {
                Progress::Established(srtp) => {
                    self.srtp = Some(*srtp);
                    return Progress::Connected;
                }
                Progress::Nothing => {}
                other => return other,
            }
        }
        self.limits(now)
    }

    fn limits(&self, now: Instant) -> Progress {
        let waited = now.duration_since(self.opened);
        if self.remote.is_none() && waited > DESCRIPTION {
            return Progress::Dead("the client's description did not come within 30 s".into());
        }
        if self.remote.is_some() && self.srtp.is_none() && waited > HANDSHAKE {
            return Progress::Dead(
                "no connection within 10 s: the media port was not reached, or the handshake did not end".into(),
            );
        }
        if now.duration_since(self.alive) > LIVENESS {
            return Progress::Dead("nothing was heard for 30 s".into());
        }
        Progress::Nothing
    }

    /// Says goodbye to the peer.
    pub fn close(&mut self, outbox: &mut Outbox) {
        if let (Some(dtls), Some(to)) = (&mut self.dtls, self.selected) {
            dtls.close();
            let _ = flush(dtls, to, outbox, &mut self.dtls_due);
        }
    }
}

/// What came of a valid check.
pub enum Checked {
    /// It counts.
    Fresh {
        /// The address that fell out for it and is no longer this connection's.
        evicted: Option<SocketAddr>,
        /// Our user fragment before an ICE restart, which is no longer answered.
        replaced: Option<Box<str>>,
    },
    /// It is answered once more and counts for nothing.
    Again,
}

/// What came of a handshake's step.
pub enum Progress {
    /// Nothing to tell.
    Nothing,
    /// Keys are there (between `flush` and `drive` only).
    Established(Box<Srtp>),
    /// Media flows from now on.
    Connected,
    /// The connection is dead, for this reason.
    Dead(String),
}

fn flush(dtls: &mut Dtls, to: Pair, outbox: &mut Outbox, due: &mut Option<Instant>) -> Progress {
    let mut buffer = [0u8; DATAGRAM_MAX];
    let mut progress = Progress::Nothing;
    loop {
        match dtls.poll(&mut buffer) {
            DtlsOutput::Datagram(datagram) => {
                outbox.push(to, |out| {
                    out.get_mut(..datagram.len())?.copy_from_slice(datagram);
                    Some(datagram.len())
                });
            }
            DtlsOutput::Established(established) => {
                let srtp = Srtp { sealer: Sealer::new(&established.keys), opener: Opener::new(&established.keys) };
                progress = Progress::Established(Box::new(srtp));
            }
            DtlsOutput::Closed => return Progress::Dead("the peer closed the connection".into()),
            DtlsOutput::Timeout(deadline) => {
                *due = Some(deadline);
                return progress;
            }
        }
    }
}
