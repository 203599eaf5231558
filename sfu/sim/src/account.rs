//! Every packet is accounted for: what the engine says it sent is what left it, and what left it arrived, was lost by a link, or
//! is on its way.

use std::collections::{BTreeMap, BTreeSet};

use sfu::transport::{Protocol, classify};

use crate::link::{Link, Packet};
use crate::peer::{H264_RTX_PT, RTX_PT, Role};
use crate::peers::{slot_rtx, slot_ssrc};
use crate::world::{Happening, Way, World};

/// What happened to one stream's packets after the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    sent: u64,
    lost: u64,
    late: u64,
    taken: u64,
}

/// What the world saw of packets.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Datagrams given to the node.
    pub handed_in: u64,
    /// First sendings that were lost on the way up, by source and number.
    pub lost_up: BTreeSet<(u64, u64)>,
    media: u64,
    repairs: u64,
    /// By peer and SSRC.
    streams: BTreeMap<(usize, u32), Tally>,
}

impl Ledger {
    /// A datagram leaves the node, for a peer or for an address that never was a peer's.
    pub fn leaves_node(&mut self, peer: Option<usize>, datagram: &[u8]) {
        let Some((ssrc, payload_type)) = rtp(datagram) else { return };
        if [RTX_PT, H264_RTX_PT].contains(&payload_type) {
            self.repairs += 1;
        } else {
            self.media += 1;
        }
        if let Some(peer) = peer {
            self.streams.entry((peer, ssrc)).or_default().sent += 1;
        }
    }

    /// A link did not deliver, or the peer was no more there.
    pub fn lost(&mut self, peer: usize, way: Way, packet: &Packet) {
        match (way, rtp(&packet.bytes)) {
            (Way::Up, _) => self.lost_up.extend(packet.first),
            (Way::Down, Some((ssrc, _))) => self.streams.entry((peer, ssrc)).or_default().lost += 1,
            (Way::Down, None) => {}
        }
    }

    /// A link delivered to a peer, which took it.
    pub fn taken(&mut self, peer: usize, datagram: &[u8]) {
        if let Some((ssrc, _)) = rtp(datagram) {
            self.streams.entry((peer, ssrc)).or_default().taken += 1;
        }
    }

    /// A link delivered to a peer, which had its number already or had left it behind.
    pub fn late(&mut self, peer: usize, datagram: &[u8]) {
        if let Some((ssrc, _)) = rtp(datagram) {
            self.streams.entry((peer, ssrc)).or_default().late += 1;
        }
    }
}

/// SSRC and payload type of an SRTP packet: its header is not encrypted.
fn rtp(datagram: &[u8]) -> Option<(u32, u8)> {
    let Ok(Protocol::Rtp) = classify(datagram) else { return None };
    Some((u32::from_be_bytes(datagram.get(8..12)?.try_into().ok()?), datagram.get(1)? & 0x7F))
}

impl World {
    /// Whether the first sending of a source's packet was lost on the way up.
    pub fn was_lost_up(&self, packet: (u64, u64)) -> bool {
        self.ledger.lost_up.contains(&packet)
    }

    /// Packets whose number a peer had already, or had left behind: none over lines that keep the order.
    pub fn refused_by(&self, peer: usize) -> u64 {
        self.ledger.streams.iter().filter(|((to, _), _)| *to == peer).map(|(_, tally)| tally.late).sum()
    }

    /// Asserts that everything is accounted for. The end of every story.
    ///
    /// # Panics
    /// When something is not.
    pub fn account(&self) {
        let counters = &self.node.counters;
        assert_eq!(counters.datagrams_in, self.ledger.handed_in, "datagrams that the node was given");
        assert_eq!(counters.media_out, self.ledger.media, "media packets that left the node");
        assert_eq!(counters.repairs_out, self.ledger.repairs, "retransmissions that left the node");
        self.account_queues();
        for peer in 0..self.peers.len() {
            self.account_link(peer, Way::Up, &self.peers[peer].up);
            self.account_link(peer, Way::Down, &self.peers[peer].down);
        }
        self.account_slots();
        self.account_streams();
        self.account_screens();
    }

    /// What was queued left, waits, or was left behind.
    fn account_queues(&self) {
        let (counters, snapshot) = (&self.node.counters, self.node.snapshot(0));
        let waiting: u64 = snapshot.connections.iter().map(|connection| connection.waiting as u64).sum();
        let left = counters.media_out + counters.repairs_out + counters.abandoned;
        assert_eq!(counters.queued, left + waiting, "references that were queued: {counters:?}");
    }

    fn account_link(&self, peer: usize, way: Way, link: &Link) {
        let stats = &link.stats;
        let accounted = stats.dropped + stats.lost + stats.delivered + self.on_the_way(peer, way).count() as u64;
        assert_eq!(stats.offered, accounted, "datagrams of peer {peer}, {way:?}: {stats:?}");
    }

    /// What the engine says of each slot is what left it.
    fn account_slots(&self) {
        for slot in self.node.snapshot(0).slots {
            let Some(peer) = self.peers.iter().position(|peer| peer.conn == slot.conn) else { continue };
            let sent = |ssrc| self.ledger.streams.get(&(peer, ssrc)).map_or(0, |tally| tally.sent);
            assert_eq!(slot.packets, sent(slot_ssrc(slot.slot)), "packets of peer {peer}, slot {}", slot.slot);
            assert_eq!(slot.repairs, sent(slot_rtx(slot.slot)), "repairs of peer {peer}, slot {}", slot.slot);
        }
    }

    /// What left for each stream arrived, was lost, or is on its way.
    fn account_streams(&self) {
        let mut flying: BTreeMap<(usize, u32), u64> = BTreeMap::new();
        for peer in 0..self.peers.len() {
            for (ssrc, _) in self.on_the_way(peer, Way::Down).filter_map(|packet| rtp(&packet.bytes)) {
                *flying.entry((peer, ssrc)).or_default() += 1;
            }
        }
        for (stream, tally) in &self.ledger.streams {
            let flying = flying.get(stream).copied().unwrap_or(0);
            assert_eq!(tally.sent, tally.taken + tally.late + tally.lost + flying, "packets of {stream:?}: {tally:?}");
        }
    }

    /// What arrived is what viewers' models took.
    fn account_screens(&self) {
        for (index, peer) in self.peers.iter().enumerate() {
            let Role::Viewer(viewer) = &peer.role else { continue };
            let taken = |ssrc| self.ledger.streams.get(&(index, ssrc)).map_or(0, |tally| tally.taken);
            for (slot, screen) in (0..).zip(&viewer.screens) {
                assert_eq!(screen.packets, taken(slot_ssrc(slot)), "packets that viewer {index} saw in {slot}");
                assert_eq!(screen.repairs, taken(slot_rtx(slot)), "repairs that viewer {index} saw in {slot}");
            }
        }
    }

    fn on_the_way(&self, peer: usize, way: Way) -> impl Iterator<Item = &Packet> {
        let this = &self.peers[peer];
        let link = if way == Way::Up { &this.up } else { &this.down };
        let flying = self.queue.iter().filter_map(move |what| match what {
            Happening::Arrives(to, on, packet) if (*to, *on) == (peer, way) => Some(packet),
            _ => None,
        });
        link.waiting().chain(flying)
    }
}
