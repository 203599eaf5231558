//! Whose handshake has its turn: DTLS gets a share of each tick, so that media keeps its time while many join.
//!
//! `ingress.rs` brings the datagrams, `upkeep.rs` the ticks. Each connection keeps the datagrams that wait; here is the order.

use std::collections::VecDeque;
use std::time::Instant;

use super::Node;
use super::connection::Connection;
use crate::drops::DropReason;

/// DTLS datagrams that are worked on in a tick. Of a handshake's CPU (130 to 180 µs) a ClientHello takes 28 µs and the
/// flight with the peer's signature and key 100 to 120, so this is 2 ms of a tick's ten, and 3.8 if all were of the dear kind.
/// A browser's handshake is three or four datagrams: 800 handshakes a second pass, 300 joins of two connections are 600.
const BUDGET: usize = 32;
/// Handshakes at one time: a thousand sites that join in the same second have two connections each. At 24 kB a handshake
/// (measured) that is 50 MB; were all of them hostile, with pieces that never become whole, five times that. Further ones
/// begin when one of these ends, in 10 s at most.
const UNDER_WAY_MAX: usize = 2048;

/// The handshakes of a node.
#[derive(Debug)]
pub struct Handshakes {
    /// Datagrams that may still be worked on before the next tick.
    budget: usize,
    /// Connections with a backlog, each once; they take turns by the datagram, so that none can keep the others out.
    ready: VecDeque<usize>,
    under_way: usize,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self { budget: BUDGET, ready: VecDeque::new(), under_way: 0 }
    }
}

impl Handshakes {
    /// One was completed.
    pub fn ended(&mut self) {
        self.under_way -= 1;
    }

    /// A connection is no more.
    pub fn forget(&mut self, key: usize, connection: &Connection) {
        self.under_way -= usize::from(connection.is_shaking_hands());
        self.ready.retain(|ready| *ready != key);
    }
}

impl Node {
    /// A new tick, a new budget.
    pub(super) fn refill_handshakes(&mut self) {
        self.handshakes.budget = BUDGET;
    }

    /// Begins a connection's handshake when all is there for it, and a place is free.
    pub(super) fn begin(&mut self, key: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(key).filter(|connection| connection.is_ready_for_dtls()) else {
            return;
        };
        if self.handshakes.under_way >= UNDER_WAY_MAX {
            return;
        }
        connection.begin(&self.certificate, now);
        self.handshakes.under_way += 1;
        if connection.backlog() > 0 {
            self.handshakes.ready.push_back(key);
        }
    }

    /// A datagram of a connection's handshake; it is worked on at once, or has its turn in one of the next ticks.
    pub(super) fn on_dtls(&mut self, key: usize, datagram: &[u8], now: Instant) -> Result<(), DropReason> {
        let connection = self.connections.get_mut(key).ok_or(DropReason::UnknownAddress)?;
        connection.keep(datagram)?;
        if connection.backlog() == 1 {
            self.handshakes.ready.push_back(key);
        }
        self.counters.dtls_deferred += u64::from(self.handshakes.budget == 0 && connection.backlog() > 0);
        self.work(now);
        Ok(())
    }

    /// Works on what waits, as far as the budget goes.
    pub(super) fn work(&mut self, now: Instant) {
        while self.handshakes.budget > 0
            && let Some(key) = self.handshakes.ready.pop_front()
        {
            self.handshakes.budget -= 1;
            let Some(connection) = self.connections.get_mut(key) else { continue };
            let worked = connection.work(now);
            if connection.backlog() > 0 {
                self.handshakes.ready.push_back(key);
            }
            if let Err(reason) = worked {
                self.drop_packet(reason);
            }
            self.drive(key, now);
        }
    }
}
