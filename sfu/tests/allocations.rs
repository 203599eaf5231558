//! A packet's way, from a publisher's datagram to the subscribers', allocates nothing after warm-up.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a counting allocator; a test fails by a panic"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use sfu::rtp::rtcp;
use sfu::transport::Pair;
use sim::World;
use sim::hand::{outgoing, vp8};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts what this thread allocates. Rust's allocator does not see what C code takes by malloc.
struct Counting;

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_packets_way_allocates_nothing() {
    let mut world = World::new();
    let publisher = world.publisher(1);
    let watchers: Vec<usize> = (0..8).map(|_| world.watcher(1)).collect();
    for watcher in &watchers {
        world.assign(*watcher, 0, Some(1));
    }
    let pair = Pair { local: world.local, remote: world.peers[publisher].address };
    let mut payload = vp8(true, 1, 1);
    payload.resize(1100, 7);
    let mut sealed: Vec<Vec<u8>> = (1..=300u16)
        .map(|sequence| {
            payload[6] = if sequence == 1 { 0x10 } else { 0x11 };
            world.seal_rtp(publisher, &outgoing(1, sequence), &payload)
        })
        .collect();
    // The watchers miss a packet now and then, and get it again.
    let mut nacks: Vec<Vec<(usize, Vec<u8>)>> = (0..300u16)
        .map(|index| {
            let mut compound = Vec::new();
            rtcp::write_nack(&mut compound, 1, 7000, [7000 + index.saturating_sub(2)].into_iter());
            let asks = if index % 10 == 9 { watchers.as_slice() } else { &[] };
            asks.iter().map(|watcher| (*watcher, world.peers[*watcher].seal_rtcp(&compound))).collect()
        })
        .collect();
    let mut counted = 0;
    for (index, datagram) in sealed.iter_mut().enumerate() {
        world.now += Duration::from_millis(4);
        let before = ALLOCATIONS.with(Cell::get);
        world.node.handle_datagram(pair, datagram, world.now);
        for (watcher, nack) in &mut nacks[index] {
            let from = Pair { remote: world.peers[*watcher].address, ..pair };
            world.node.handle_datagram(from, nack, world.now);
        }
        while world.node.poll_transmit(world.now) || !world.node.outbox.is_empty() {
            world.node.outbox.clear();
        }
        // The first packets are warm-up: windows, queues and the outbox take their sizes.
        if index >= 20 {
            counted += ALLOCATIONS.with(Cell::get) - before;
        }
    }
    assert_eq!(world.node.counters.media_out, 300 * 8);
    assert_eq!(world.node.counters.repairs_out, 30 * 8);
    assert_eq!(counted, 0);
}
