//! A node, its peers, their links and the time. Everything that happens goes through here, in one order.
//!
//! The node is driven by the product's own verbs, at exactly the times that its `next_timeout` names. Links that nobody set
//! deliver at once, so that a story by hand sees the answer to a packet before its next line.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use sfu::command::{Command, Event};
use sfu::drops::DropReason;
use sfu::node::Node;
use sfu::rtp::ntp::{Ntp, WallClock};
use sfu::transport::dtls::{Certificate, Fingerprint};
use sfu::transport::{Pair, Protocol, classify};

use crate::account::Ledger;
use crate::clock::{Queue, epoch};
use crate::link::{Conditions, Offered, Packet};
use crate::peer::{Peer, Role};
use crate::publisher::Send;
use crate::seed;

/// The time of day when a run begins, in seconds since 1970: any, but always the same.
const BEGINNING: Duration = Duration::from_secs(1_800_000_000);

/// Where the node is, of the addresses that RFC 5737 keeps for examples.
const NODE_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// A direction of a peer's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To the node.
    Up,
    /// From the node.
    Down,
}

pub(crate) enum Happening {
    /// The datagram on the line has left it.
    Departs(usize, Way),
    /// A datagram arrives.
    Arrives(usize, Way, Packet),
    /// A model wants to be woken.
    Wakes(usize),
    /// The story does something.
    Does(Box<dyn FnOnce(&mut World)>),
}

/// A node, its peers and their clock.
pub struct World {
    /// The product's node.
    pub node: Node,
    /// The virtual time.
    pub now: Instant,
    /// The node's certificate.
    pub fingerprint: Fingerprint,
    /// The peers, by the numbers that the functions here return.
    pub peers: Vec<Peer>,
    /// The address of the node that peers write to; a story may change it.
    pub local: IpAddr,
    /// The node's address that its last datagram left from.
    pub left_from: Option<IpAddr>,
    /// What the node told so far.
    pub events: Vec<Event>,
    pub(crate) queue: Queue<Happening>,
    pub(crate) ledger: Ledger,
    pub(crate) random: fastrand::Rng,
    pub(crate) wall: WallClock,
    seed: u64,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world without peers; its seed is `SIM_SEED` or 1.
    pub fn new() -> Self {
        Self::seeded(seed::one())
    }

    /// A world without peers, of this seed.
    ///
    /// # Panics
    /// Where the cryptography library cannot make a certificate.
    pub fn seeded(seed: u64) -> Self {
        let now = epoch();
        let certificate = Certificate::generate().expect("a certificate");
        let fingerprint = certificate.fingerprint();
        let wall = WallClock { instant: now, ntp: Ntp::from_unix(BEGINNING) };
        Self {
            node: Node::new(certificate, wall),
            now,
            fingerprint,
            peers: Vec::new(),
            local: NODE_ADDRESS,
            left_from: None,
            events: Vec::new(),
            queue: Queue::default(),
            ledger: Ledger::default(),
            random: fastrand::Rng::with_seed(seed),
            wall,
            seed,
        }
    }

    /// The time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.now.duration_since(self.wall.instant)
    }

    /// From now on these conditions hold on the way.
    pub fn set(&mut self, peer: usize, way: Way, conditions: Conditions) {
        match way {
            Way::Up => self.peers[peer].up.set(conditions),
            Way::Down => self.peers[peer].down.set(conditions),
        }
    }

    /// Does something later.
    pub fn after(&mut self, time: Duration, what: impl FnOnce(&mut Self) + 'static) {
        self.queue.push(self.now + time, Happening::Does(Box::new(what)));
    }

    /// Gives the node a command.
    pub fn command(&mut self, command: Command) {
        self.node.handle_command(command, self.now);
        self.settle();
    }

    /// A datagram arrives at the node, over no link.
    pub fn deliver(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        self.hand_in(from, datagram);
        self.settle();
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = self.queue.next_at().into_iter().chain(self.node.next_timeout()).min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            self.settle();
            if self.node.next_timeout().is_some_and(|at| at <= self.now) {
                self.node.handle_timeout(self.now);
                self.settle();
            }
        }
        self.now = end;
    }

    /// Everything that happens at this moment.
    pub(crate) fn settle(&mut self) {
        self.flush();
        while let Some(what) = self.queue.pop_due(self.now) {
            self.happen(what);
            self.flush();
        }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Departs(peer, way) => self.depart(peer, way),
            Happening::Arrives(peer, way, packet) => self.arrive(peer, way, packet),
            Happening::Wakes(peer) => self.wake(peer),
            Happening::Does(what) => what(self),
        }
    }

    /// What the node wants sent goes onto the links.
    fn flush(&mut self) {
        while self.node.poll_transmit(self.now) || !self.node.outbox.is_empty() {
            let sent: Vec<_> = self.node.outbox.iter().map(|(pair, datagram)| (pair, datagram.to_vec())).collect();
            self.node.outbox.clear();
            for (pair, bytes) in sent {
                self.left_from = Some(pair.local);
                self.leave(Packet { address: pair.remote, bytes, first: None });
            }
        }
        self.events.extend(std::iter::from_fn(|| self.node.poll_event()));
    }

    /// A datagram leaves the node. Where its peer is no more it is lost.
    fn leave(&mut self, packet: Packet) {
        let here = self.peers.iter().position(|peer| peer.address == packet.address);
        let was = || self.peers.iter().position(|peer| peer.home == packet.address);
        let peer = here.or_else(was);
        self.ledger.leaves_node(peer, &packet.bytes);
        match (here, peer) {
            (Some(peer), _) => self.offer(peer, Way::Down, packet),
            (None, Some(peer)) => self.ledger.lost(peer, Way::Down, &packet),
            (None, None) => {}
        }
    }

    fn offer(&mut self, peer: usize, way: Way, packet: Packet) {
        let link = link(&mut self.peers[peer], way);
        match link.offer(packet, self.now) {
            Offered::Queued => {}
            Offered::Busy(at) => self.queue.push(at, Happening::Departs(peer, way)),
            Offered::Lost(packet) => self.ledger.lost(peer, way, &packet),
        }
    }

    fn depart(&mut self, peer: usize, way: Way) {
        let Some((packet, arrival, next)) = link(&mut self.peers[peer], way).depart(self.now) else { return };
        match arrival {
            Some(at) => self.queue.push(at, Happening::Arrives(peer, way, packet)),
            None => self.ledger.lost(peer, way, &packet),
        }
        if let Some(next) = next {
            self.queue.push(next, Happening::Departs(peer, way));
        }
    }

    fn arrive(&mut self, peer: usize, way: Way, mut packet: Packet) {
        link(&mut self.peers[peer], way).arrived(&packet);
        match way {
            Way::Up => self.hand_in(packet.address, &mut packet.bytes),
            Way::Down => self.receive(peer, packet.bytes),
        }
    }

    fn hand_in(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        self.ledger.handed_in += 1;
        self.node.handle_datagram(Pair { local: self.local, remote: from }, datagram, self.now);
    }

    fn receive(&mut self, peer: usize, mut datagram: Vec<u8>) {
        let this = &mut self.peers[peer];
        match classify(&datagram).expect("the node sends what is known") {
            Protocol::Stun => {}
            Protocol::Dtls => {
                if let Some(dtls) = &mut this.dtls {
                    let _ = dtls.handle_datagram(&datagram, self.now);
                }
                self.drive_dtls(peer);
            }
            Protocol::Rtp => self.open_rtp(peer, datagram),
            Protocol::Rtcp => {
                let opener = &mut this.srtp.as_mut().expect("keys").1;
                let length = opener.open_rtcp(&mut datagram).expect("an authentic compound");
                datagram.truncate(length);
                self.receive_rtcp(peer, datagram);
            }
        }
    }

    /// A packet that SRTP's window has left behind is dropped, as a browser drops it; any other must be authentic.
    fn open_rtp(&mut self, peer: usize, mut datagram: Vec<u8>) {
        let opener = &mut self.peers[peer].srtp.as_mut().expect("keys").1;
        match opener.open_rtp(&mut datagram) {
            Ok(length) => {
                self.ledger.taken(peer, &datagram);
                datagram.truncate(length);
                self.receive_rtp(peer, datagram);
            }
            Err(DropReason::SrtpReplayed) => self.ledger.late(peer, &datagram),
            Err(other) => panic!("peer {peer} cannot open a packet: {}", other.label()),
        }
    }

    fn receive_rtp(&mut self, peer: usize, packet: Vec<u8>) {
        let run = self.elapsed();
        let this = &mut self.peers[peer];
        match &mut this.role {
            Role::Hand => this.rtp.push(packet),
            Role::Viewer(viewer) => viewer.on_rtp(&packet, self.now, run),
            Role::Publisher(_) => panic!("the node sends media to a publisher"),
        }
    }

    fn receive_rtcp(&mut self, peer: usize, compound: Vec<u8>) {
        let this = &mut self.peers[peer];
        let sends = match &mut this.role {
            Role::Hand => {
                this.rtcp.push(compound);
                Vec::new()
            }
            Role::Viewer(viewer) => {
                viewer.on_rtcp(&compound, self.now);
                Vec::new()
            }
            Role::Publisher(publisher) => publisher.on_rtcp(&compound, self.now),
        };
        self.send(peer, sends);
    }

    /// A model's turn; it is queued for its next one.
    pub(crate) fn wake(&mut self, peer: usize) {
        let run = self.elapsed();
        let this = &mut self.peers[peer];
        let (sends, next) = match &mut this.role {
            Role::Hand => return,
            Role::Publisher(publisher) => (publisher.wake(self.now, run), publisher.next_wake()),
            Role::Viewer(viewer) => (viewer.wake(self.now).into_iter().map(Send::Rtcp).collect(), viewer.next_wake()),
        };
        self.queue.push(next, Happening::Wakes(peer));
        self.send(peer, sends);
    }

    fn send(&mut self, peer: usize, sends: Vec<Send>) {
        for send in sends {
            let this = &mut self.peers[peer];
            let (bytes, first) = match send {
                Send::Rtp(header, payload, first) => (this.seal_rtp(&header, &payload), first),
                Send::Rtcp(compound) => (this.seal_rtcp(&compound), None),
            };
            self.send_sealed(peer, bytes, first);
        }
    }

    /// A peer's datagram goes onto its link.
    pub(crate) fn send_sealed(&mut self, peer: usize, bytes: Vec<u8>, first: Option<(u64, u64)>) {
        let address = self.peers[peer].address;
        self.offer(peer, Way::Up, Packet { address, bytes, first });
    }
}

fn link(peer: &mut Peer, way: Way) -> &mut crate::link::Link {
    match way {
        Way::Up => &mut peer.up,
        Way::Down => &mut peer.down,
    }
}

impl Drop for World {
    /// A run that fails says how to run it again.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the run failed at {:?} of virtual time; again: {}", self.elapsed(), seed::replay(self.seed));
        }
    }
}
