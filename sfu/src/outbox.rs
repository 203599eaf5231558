//! Datagrams on their way out: one arena that is filled, sent in a batch and emptied, without allocating after warm-up.
//!
//! `node.rs` writes into it, `worker.rs` sends it by `udp.rs`.

use std::ops::Range;

use crate::transport::Pair;

/// Largest UDP payload that the engine sends: a 1,500-byte MTU less IPv4 and UDP headers.
pub const DATAGRAM_MAX: usize = 1472;

/// Datagrams of one batch.
#[derive(Debug, Default)]
pub struct Outbox {
    arena: Vec<u8>,
    items: Vec<(Pair, Range<usize>)>,
}

impl Outbox {
    /// Appends a datagram that `write` makes in a buffer of `DATAGRAM_MAX` bytes; `None` takes it back.
    pub fn push(&mut self, to: Pair, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let start = self.arena.len();
        self.arena.resize(start + DATAGRAM_MAX, 0);
        let written = self.arena.get_mut(start..).and_then(write);
        let end = start + written.unwrap_or(0).min(DATAGRAM_MAX);
        self.arena.truncate(end);
        if written.is_some() {
            self.items.push((to, start..end));
        }
        written.is_some()
    }

    /// Datagrams waiting.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The datagrams, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Pair, &[u8])> {
        self.items.iter().map(|(to, range)| (*to, self.arena.get(range.clone()).unwrap_or_default()))
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.items.clear();
    }
}
