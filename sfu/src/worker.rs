//! The shell: a thread that owns one socket, one port and one `Node`, and reads the clock. It shares nothing else.
//!
//! Commands come by a bounded ring and an eventfd, events go by a ring and an eventfd that is written once a tick.
#![allow(clippy::disallowed_methods, reason = "this is the one module that reads the clock")]

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use rtrb::{Consumer, Producer, RingBuffer};

use crate::command::{Command, Event};
use crate::drops::DropReason;
use crate::node::Node;
use crate::rtp::ntp::{Ntp, WallClock};
use crate::stats::Snapshot;
use crate::transport::dtls::Certificate;
use crate::udp::{EventFd, Udp, thread_cpu_time, wait};

/// Commands that may wait: a thousand joins at once, with some to spare.
const COMMANDS_MAX: usize = 16_384;
/// Events that may wait in the ring; more wait in the node.
const EVENTS_MAX: usize = 16_384;
/// How soon a full ring of events is tried again.
const EVENTS_RETRY: Duration = Duration::from_millis(1);
/// Batches taken in before what they caused is sent.
const BATCHES_A_TURN: usize = 4;
/// How long a snapshot is waited for; the worker answers within a turn.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(1);

enum Order {
    Command(Command),
    Snapshot,
    Stop,
}

/// Why the worker did not take an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitError {
    /// `COMMANDS_MAX` wait already.
    Full,
    /// The worker was stopped.
    Stopped,
    /// The worker did not answer within a second.
    Late,
}

/// What worker and handle share beside the rings.
struct Shared {
    wake: EventFd,
    events_ready: EventFd,
    snapshot: Mutex<Option<Snapshot>>,
    snapshot_taken: Condvar,
}

/// The owner's end of a worker.
pub struct Handle {
    orders: Mutex<Producer<Order>>,
    events: Mutex<Consumer<Event>>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    address: SocketAddr,
    fingerprint: String,
}

/// Binds `address` and starts a worker on it. Errors: those of bind(2), eventfd(2) and the certificate's making.
pub fn start(address: SocketAddr) -> io::Result<Handle> {
    let udp = Udp::bind(address)?;
    let certificate = Certificate::generate().map_err(io::Error::other)?;
    let (orders, taken) = RingBuffer::new(COMMANDS_MAX);
    let (told, events) = RingBuffer::new(EVENTS_MAX);
    let shared = Arc::new(Shared {
        wake: EventFd::new()?,
        events_ready: EventFd::new()?,
        snapshot: Mutex::new(None),
        snapshot_taken: Condvar::new(),
    });
    let (address, fingerprint) = (udp.local_addr(), certificate.fingerprint().to_string());
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let wall = WallClock { instant: Instant::now(), ntp: Ntp::from_unix(since_epoch) };
    let worker =
        Worker { udp, node: Node::new(certificate, wall), orders: taken, events: told, shared: shared.clone() };
    let thread = std::thread::Builder::new().name("sfu-worker".into()).spawn(move || worker.run())?;
    Ok(Handle {
        orders: Mutex::new(orders),
        events: Mutex::new(events),
        shared,
        thread: Mutex::new(Some(thread)),
        address,
        fingerprint,
    })
}

impl Handle {
    /// Where it is bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// SHA-256 of its DTLS certificate, as in SDP.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Queues a command. Errors: as `SubmitError` says.
    pub fn submit(&self, command: Command) -> Result<(), SubmitError> {
        self.order(Order::Command(command))
    }

    /// Readable when events wait.
    pub fn event_fd(&self) -> RawFd {
        self.shared.events_ready.as_raw_fd()
    }

    /// Takes the waiting events.
    pub fn drain(&self) -> Vec<Event> {
        self.shared.events_ready.clear();
        let mut events = lock(&self.events);
        std::iter::from_fn(|| events.pop().ok()).collect()
    }

    /// Everything at this moment. Errors: as `SubmitError` says.
    pub fn snapshot(&self) -> Result<Snapshot, SubmitError> {
        let mut slot = lock(&self.shared.snapshot);
        *slot = None;
        self.order(Order::Snapshot)?;
        let waited = self.shared.snapshot_taken.wait_timeout_while(slot, SNAPSHOT_PATIENCE, |slot| slot.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take().ok_or(SubmitError::Late)
    }

    /// Stops the worker after it has said goodbye to every peer. Idempotent.
    pub fn stop(&self) {
        let Some(thread) = lock(&self.thread).take() else { return };
        while self.push(Order::Stop) == Err(SubmitError::Full) {
            std::thread::yield_now(); // the worker empties the ring at once
        }
        let _ = thread.join(); // a panic ends the process before this
    }

    fn order(&self, order: Order) -> Result<(), SubmitError> {
        if lock(&self.thread).is_none() {
            return Err(SubmitError::Stopped);
        }
        self.push(order)
    }

    fn push(&self, order: Order) -> Result<(), SubmitError> {
        let pushed = lock(&self.orders).push(order).map_err(|_| SubmitError::Full);
        self.shared.wake.notify();
        pushed
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    udp: Udp,
    node: Node,
    orders: Consumer<Order>,
    events: Producer<Event>,
    shared: Arc<Shared>,
}

impl Worker {
    fn run(mut self) {
        loop {
            let timeout = self.node.next_timeout().map(|at| at.saturating_duration_since(Instant::now()));
            // Events that the ring had no room for are offered again soon, whatever else happens.
            let timeout = if self.node.has_events() { Some(EVENTS_RETRY) } else { timeout };
            wait(&self.udp, &self.shared.wake, timeout);
            if !self.take_orders() {
                break;
            }
            self.take_datagrams();
            self.node.handle_timeout(Instant::now());
            self.transmit();
            self.tell();
        }
        self.node.close_all();
        self.transmit();
    }

    /// Carries out what waits; false when it was told to stop.
    fn take_orders(&mut self) -> bool {
        self.shared.wake.clear();
        while let Ok(order) = self.orders.pop() {
            match order {
                Order::Command(command) => self.node.handle_command(command, Instant::now()),
                Order::Snapshot => {
                    let snapshot = self.node.snapshot(thread_cpu_time().as_micros() as u64);
                    *lock(&self.shared.snapshot) = Some(snapshot);
                    self.shared.snapshot_taken.notify_all();
                }
                Order::Stop => return false,
            }
        }
        true
    }

    fn take_datagrams(&mut self) {
        for _ in 0..BATCHES_A_TURN {
            let (node, now) = (&mut self.node, Instant::now());
            match self.udp.receive(|pair, datagram| node.handle_datagram(pair, datagram, now)) {
                Ok(true) => {}
                Ok(false) => break,
                // The socket itself is broken: a half-dead server is worse than a restart.
                Err(error) => panic!("the media socket failed: {error}"),
            }
        }
    }

    fn transmit(&mut self) {
        loop {
            let more = self.node.poll_transmit(Instant::now());
            let refused = self.udp.send(self.node.outbox.iter());
            self.node.sent(refused);
            if !more {
                break;
            }
        }
    }

    /// Hands events over, and wakes the reader once.
    fn tell(&mut self) {
        let mut told = false;
        while !self.events.is_full() {
            let Some(event) = self.node.poll_event() else { break };
            // There is room: the check above, and only this thread fills the ring.
            told |= self.events.push(event).is_ok();
        }
        if told {
            self.shared.events_ready.notify();
        }
    }
}

impl Node {
    /// The outbox was sent but for `refused` datagrams: counts and empties it.
    fn sent(&mut self, refused: usize) {
        self.counters.datagrams_out += (self.outbox.len() - refused) as u64;
        self.counters.bytes_out += self.outbox.iter().map(|(_, datagram)| datagram.len() as u64).sum::<u64>();
        (0..refused).for_each(|_| self.drops.count(DropReason::SendRefused));
        self.outbox.clear();
    }
}
