//! Virtual time: what is to happen when, in an order that depends on nothing but what was asked for.
//!
//! `world.rs` takes from here what is next. Two things at the same instant happen in the order in which they were queued.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;

/// The instant at which a run begins. `Instant` cannot be made of nothing, so this one is read from the machine; a run
/// only ever looks at differences from it.
#[allow(clippy::disallowed_methods, reason = "a run needs some instant to start from; it never reads another")]
pub fn epoch() -> Instant {
    Instant::now()
}

/// What is to happen, the earliest first.
#[derive(Debug)]
pub struct Queue<T> {
    heap: BinaryHeap<Entry<T>>,
    queued: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Instant,
    number: u64,
    what: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), queued: 0 }
    }
}

impl<T> Queue<T> {
    /// Queues something for `at`.
    pub fn push(&mut self, at: Instant, what: T) {
        self.queued += 1;
        self.heap.push(Entry { at, number: self.queued, what });
    }

    /// When the next thing is due.
    pub fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// The next thing that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        self.heap.pop().map(|entry| entry.what)
    }

    /// Everything that waits, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.heap.iter().map(|entry| &entry.what)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    /// The heap gives its greatest: the earliest, and of those the one queued first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The earliest comes first, and of two at once the one queued first; nothing comes before its time.
    #[test]
    fn things_happen_in_order() {
        let (mut queue, start) = (Queue::default(), epoch());
        let later = start + Duration::from_millis(1);
        queue.push(later, 'c');
        queue.push(start, 'a');
        queue.push(start, 'b');
        let mut seen: Vec<char> = std::iter::from_fn(|| queue.pop_due(start)).collect();
        assert_eq!(seen, ['a', 'b']);
        seen.extend(queue.pop_due(later));
        assert_eq!(seen, ['a', 'b', 'c']);
    }
}
