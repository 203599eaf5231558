//! One peer's transport: which address it has, its handshake, its keys.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::command::{ConnId, Setup};
use crate::drops::DropReason;
use crate::forward::publisher::Up;
use crate::forward::subscriber::Down;
use crate::outbox::{DATAGRAM_MAX, Outbox};
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
/// Datagrams of a handshake that may come before the peer's description: a ClientHello in two fragments, twice.
const EARLY_MAX: usize = 4;
/// Addresses that one peer may have been validated at.
const ADDRESSES_MAX: usize = 8;

/// What a connection is for.
#[derive(Debug)]
pub enum Side {
    /// The peer publishes.
    Up(Up),
    /// The peer watches.
    Down(Down),
}

/// The keys of an established connection.
pub struct Srtp {
    /// For what leaves.
    pub sealer: Sealer,
    /// For what comes.
    pub opener: Opener,
}

/// A peer connection.
pub struct Connection {
    /// Python's number for it.
    pub id: ConnId,
    /// Our user fragment.
    pub ufrag: Box<str>,
    /// Our password.
    pub pwd: Box<str>,
    /// What it is for.
    pub side: Side,
    /// The address that media goes to.
    pub selected: Option<SocketAddr>,
    /// Addresses that a valid check came from.
    pub addresses: Vec<SocketAddr>,
    /// Keys, once the handshake is done.
    pub srtp: Option<Srtp>,
    transactions: Transactions,
    moving: Option<Move>,
    remote: Option<Remote>,
    dtls: Option<Dtls>,
    /// When the handshake wants to be looked at again; unset while it has something to say.
    dtls_due: Option<Instant>,
    early: Vec<Vec<u8>>,
    opened: Instant,
    alive: Instant,
}

/// A peer that may be moving to another address.
#[derive(Debug, Clone, Copy)]
struct Move {
    to: SocketAddr,
    nominations: u32,
    authentic: bool,
}

struct Remote {
    ufrag: Box<str>,
    setup: Setup,
    fingerprint: Fingerprint,
}

impl Connection {
    /// A connection that answers checks for `ufrag`.
    pub fn new(id: ConnId, ufrag: &str, pwd: &str, side: Side, now: Instant) -> Self {
        Self {
            id,
            ufrag: ufrag.into(),
            pwd: pwd.into(),
            side,
            selected: None,
            addresses: Vec::new(),
            srtp: None,
            transactions: Transactions::new(),
            moving: None,
            remote: None,
            dtls: None,
            dtls_due: None,
            early: Vec::new(),
            opened: now,
            alive: now,
        }
    }

    /// Whether media flows.
    pub fn is_connected(&self) -> bool {
        self.srtp.is_some()
    }

    /// The peer's description: DTLS may begin.
    pub fn set_remote(&mut self, ufrag: &str, setup: Setup, fingerprint: Fingerprint, now: Instant) {
        self.opened = now;
        self.remote = Some(Remote { ufrag: ufrag.into(), setup, fingerprint });
    }

    /// Whether a check that names `remote_ufrag` may be this peer's; any may before its description is known.
    pub fn accepts_user(&self, remote_ufrag: &str) -> bool {
        self.remote.as_ref().is_none_or(|remote| *remote.ufrag == *remote_ufrag)
    }

    /// A valid check came from `from`.
    ///
    /// Errors: `StunReplayed` for a transaction that was seen, which moves nothing.
    pub fn on_check(
        &mut self,
        from: SocketAddr,
        transaction: &[u8; 12],
        nominates: bool,
        now: Instant,
    ) -> Result<Checked, DropReason> {
        if !self.transactions.insert(transaction) {
            // From where it is known it is the peer's own repetition: its answer was lost. From elsewhere it is a stranger's.
            return if self.addresses.contains(&from) { Ok(Checked::Again) } else { Err(DropReason::StunReplayed) };
        }
        self.alive = now;
        self.select(from, nominates);
        if self.addresses.contains(&from) {
            return Ok(Checked::Fresh { evicted: None });
        }
        let oldest = self.addresses.iter().position(|address| Some(*address) != self.selected);
        let evicted = match oldest {
            Some(index) if self.addresses.len() >= ADDRESSES_MAX => Some(self.addresses.remove(index)),
            _ => None,
        };
        self.addresses.push(from);
        Ok(Checked::Fresh { evicted })
    }

    /// Media moves to another address after a second fresh nomination from there and, once there are keys, an authentic
    /// packet: checks can be held back and replayed later than their ids are remembered, SRTP cannot.
    fn select(&mut self, from: SocketAddr, nominates: bool) {
        if self.selected.is_none() {
            self.selected = Some(from);
        } else if self.selected == Some(from) {
            self.moving = None;
        } else if nominates {
            let begun = self.moving.filter(|moving| moving.to == from);
            let mut moving = begun.unwrap_or(Move { to: from, nominations: 0, authentic: false });
            moving.nominations += 1;
            self.moving = Some(moving);
        }
        self.finish_move();
    }

    fn finish_move(&mut self) {
        if let Some(moving) = self.moving
            && moving.nominations >= 2
            && (moving.authentic || self.srtp.is_none())
        {
            self.selected = Some(moving.to);
            self.moving = None;
        }
    }

    /// Whether the address is this live peer's and nobody else's.
    pub fn holds(&self, address: SocketAddr, now: Instant) -> bool {
        self.addresses.contains(&address) && self.is_connected() && now.duration_since(self.alive) < HELD
    }

    /// A datagram of the handshake. Errors: `DtlsEarly` when too many came before the peer's description.
    pub fn on_dtls(&mut self, datagram: &[u8], now: Instant) -> Result<(), DropReason> {
        match &mut self.dtls {
            // What ends the connection comes out of `drive`; here a datagram is only counted.
            Some(dtls) => {
                self.dtls_due = None;
                dtls.handle_datagram(datagram, now).map_err(|_| DropReason::DtlsRefused)
            }
            None if self.early.len() < EARLY_MAX => {
                self.early.push(datagram.to_vec());
                Ok(())
            }
            None => Err(DropReason::DtlsEarly),
        }
    }

    /// A packet of the peer was authentic.
    pub fn on_authentic(&mut self, from: SocketAddr, now: Instant) {
        self.alive = now;
        if let Some(moving) = &mut self.moving
            && moving.to == from
        {
            moving.authentic = true;
            self.finish_move();
        }
    }

    /// Begins, goes on with and ends the handshake. Returns what there is to tell.
    pub fn drive(&mut self, certificate: &Certificate, outbox: &mut Outbox, now: Instant) -> Progress {
        self.begin(certificate, now);
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

    fn begin(&mut self, certificate: &Certificate, now: Instant) {
        if self.dtls.is_some() || self.selected.is_none() {
            return;
        }
        let Some(remote) = &self.remote else { return };
        let role = match remote.setup {
            Setup::Active => DtlsRole::Client,
            Setup::Passive => DtlsRole::Server,
        };
        let mut dtls = Dtls::new(certificate, role, remote.fingerprint, now);
        for datagram in self.early.drain(..) {
            // As in `on_dtls`: what is refused here is sent again by an honest peer.
            let _ = dtls.handle_datagram(&datagram, now);
        }
        self.dtls = Some(dtls);
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
    /// It counts; an address may have fallen out for it.
    Fresh {
        /// The address that is no longer this connection's.
        evicted: Option<SocketAddr>,
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

fn flush(dtls: &mut Dtls, to: SocketAddr, outbox: &mut Outbox, due: &mut Option<Instant>) -> Progress {
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
