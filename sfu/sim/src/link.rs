//! One way between a peer and the node: a rate, a drop-tail queue, a propagation delay, loss, jitter.
//!
//! `world.rs` offers datagrams and is told when they leave the queue and when they arrive. A datagram that is lost by the
//! line, not by the queue, has used its share of the rate.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// IPv4 and UDP headers count against the rate.
const OVERHEAD: usize = 28;

/// What a link does to datagrams. The default does nothing: no rate, no delay, no loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// In bit/s, headers of IP and UDP included; none: without limit.
    pub rate_bps: Option<u64>,
    /// The way's length.
    pub delay: Duration,
    /// A datagram that would wait longer than this for the line is dropped.
    pub queue: Duration,
    /// Share of datagrams that the line loses, each on its own.
    pub loss: f64,
    /// Up to so much is added to the delay, evenly spread.
    pub jitter: Duration,
    /// Whether jitter may let a datagram overtake another.
    pub reorders: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            rate_bps: None,
            delay: Duration::ZERO,
            // RFC 8867's bottleneck queue, where a rate is set and nothing else is said.
            queue: Duration::from_millis(300),
            loss: 0.0,
            jitter: Duration::ZERO,
            reorders: false,
        }
    }
}

/// What became of the datagrams that were offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Datagrams offered.
    pub offered: u64,
    /// Dropped because the queue was full.
    pub dropped: u64,
    /// Lost by the line.
    pub lost: u64,
    /// Arrived.
    pub delivered: u64,
    /// Bytes that arrived, without headers of IP and UDP.
    pub delivered_bytes: u64,
    /// The longest that a datagram had to wait for the line.
    pub queued_max: Duration,
}

/// A datagram on its way.
#[derive(Debug, Clone)]
pub struct Packet {
    /// The peer's address when it was sent.
    pub address: SocketAddr,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
    /// The source and its sequence number, of a packet that a simulated publisher sends for the first time.
    pub first: Option<(u64, u64)>,
}

/// Says of a datagram whether it is lost, for stories that choose.
pub type Lose = Box<dyn FnMut(&[u8]) -> bool>;

/// One way of one peer.
pub struct Link {
    conditions: Conditions,
    /// What came of it.
    pub stats: LinkStats,
    /// Loses what a story chooses, before the queue.
    pub lose: Option<Lose>,
    waiting: VecDeque<(Instant, Packet)>,
    waiting_bytes: usize,
    newest_arrival: Option<Instant>,
    random: fastrand::Rng,
}

/// What came of an offer.
#[derive(Debug)]
pub enum Offered {
    /// It waits, and the line is busy already.
    Queued,
    /// It waits; the line was free and has taken it: call `depart` then.
    Busy(Instant),
    /// It is not delivered.
    Lost(Packet),
}

impl Link {
    /// A link that does nothing to datagrams.
    pub fn new(random: fastrand::Rng) -> Self {
        Self {
            conditions: Conditions::default(),
            stats: LinkStats::default(),
            lose: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            newest_arrival: None,
            random,
        }
    }

    /// From now on these hold. The datagram that is on the line leaves it as it would have.
    pub fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Datagrams that wait for the line.
    pub fn waiting(&self) -> impl Iterator<Item = &Packet> {
        self.waiting.iter().map(|(_, packet)| packet)
    }

    /// A datagram wants to go.
    pub fn offer(&mut self, packet: Packet, now: Instant) -> Offered {
        self.stats.offered += 1;
        if self.lose.as_mut().is_some_and(|lose| lose(&packet.bytes)) {
            self.stats.lost += 1;
            return Offered::Lost(packet);
        }
        if self.conditions.rate_bps.is_some() && self.time_on_line(self.waiting_bytes) > self.conditions.queue {
            self.stats.dropped += 1;
            return Offered::Lost(packet);
        }
        let (free, size) = (self.waiting.is_empty(), packet.bytes.len() + OVERHEAD);
        self.waiting_bytes += size;
        self.waiting.push_back((now, packet));
        if free { Offered::Busy(now + self.time_on_line(size)) } else { Offered::Queued }
    }

    /// The first datagram has left the line at `now`: when it arrives, or that it was lost; and when the next leaves.
    pub fn depart(&mut self, now: Instant) -> Option<(Packet, Option<Instant>, Option<Instant>)> {
        let (since, packet) = self.waiting.pop_front()?;
        let size = packet.bytes.len() + OVERHEAD;
        self.waiting_bytes -= size;
        let waited = now.duration_since(since).saturating_sub(self.time_on_line(size));
        self.stats.queued_max = self.stats.queued_max.max(waited);
        let next = self.waiting.front().map(|(_, next)| now + self.time_on_line(next.bytes.len() + OVERHEAD));
        if self.random.f64() < self.conditions.loss {
            self.stats.lost += 1;
            return Some((packet, None, next));
        }
        let mut arrival = now + self.conditions.delay + self.conditions.jitter.mul_f64(self.random.f64());
        if !self.conditions.reorders {
            arrival = self.newest_arrival.map_or(arrival, |newest| newest.max(arrival));
        }
        self.newest_arrival = Some(arrival);
        Some((packet, Some(arrival), next))
    }

    /// A datagram has arrived.
    pub fn arrived(&mut self, packet: &Packet) {
        self.stats.delivered += 1;
        self.stats.delivered_bytes += packet.bytes.len() as u64;
    }

    fn time_on_line(&self, bytes: usize) -> Duration {
        self.conditions
            .rate_bps
            .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(bytes as f64 * 8.0 / rate.max(1) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::epoch;

    fn packet(bytes: usize) -> Packet {
        Packet { address: ([10, 0, 0, 1], 1).into(), bytes: vec![0; bytes - OVERHEAD], first: None }
    }

    /// Datagrams leave one after the other at the rate, arrive after the delay, and what would wait too long is dropped.
    #[test]
    fn a_line_has_a_rate_a_queue_and_a_length() {
        let (mut link, start) = (Link::new(fastrand::Rng::with_seed(1)), epoch());
        let ms = Duration::from_millis;
        link.set(Conditions { rate_bps: Some(1_000_000), delay: ms(50), queue: ms(20), ..Conditions::default() });
        let Offered::Busy(mut at) = link.offer(packet(1250), start) else { panic!("the line was free") };
        let queued = (0..4).filter(|_| matches!(link.offer(packet(1250), start), Offered::Queued)).count();
        let mut arrivals = Vec::new();
        while let Some((_, arrival, next)) = link.depart(at) {
            arrivals.extend(arrival.map(|arrival| arrival.duration_since(start)));
            at = next.unwrap_or(at);
        }
        assert_eq!((queued, link.stats.dropped), (2, 2));
        assert_eq!(arrivals, [ms(60), ms(70), ms(80)]);
        assert_eq!(link.stats.queued_max, ms(20));
    }

    /// A line loses the share that it was told to, whatever the load, and the same ones with the same seed.
    #[test]
    fn a_line_loses_its_share_by_the_seed() {
        let run = |seed| {
            let (mut link, now) = (Link::new(fastrand::Rng::with_seed(seed)), epoch());
            link.set(Conditions { loss: 0.05, ..Conditions::default() });
            (0..10_000)
                .filter(|_| {
                    link.offer(packet(100), now);
                    link.depart(now).is_some_and(|(_, arrival, _)| arrival.is_none())
                })
                .collect::<Vec<i32>>()
        };
        let first = run(1);
        assert!((450..550).contains(&first.len()), "{}", first.len());
        assert_eq!(first, run(1));
        assert_ne!(first, run(2));
    }

    /// Jitter reorders only where it may.
    #[test]
    fn jitter_keeps_the_order_unless_it_may_not() {
        for reorders in [false, true] {
            let (mut link, start) = (Link::new(fastrand::Rng::with_seed(1)), epoch());
            let jitter = Duration::from_millis(30);
            link.set(Conditions { jitter, reorders, ..Conditions::default() });
            let arrivals: Vec<Instant> = (0..100)
                .filter_map(|step| {
                    let now = start + Duration::from_millis(step);
                    link.offer(packet(100), now);
                    link.depart(now)?.1
                })
                .collect();
            assert_eq!(arrivals.is_sorted(), !reorders);
        }
    }
}
