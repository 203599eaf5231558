//! The media engine: a selective forwarding unit whose core has no socket, clock or thread.
//!
//! `node` is the core: datagrams, commands and the time go in, datagrams and events come out. `worker` is the shell
//! that owns the socket and the clock. ARCHITECTURE.md tells a packet's way through the files.

pub mod command;
pub mod drops;
pub mod forward;
pub mod node;
pub mod outbox;
pub mod pacer;
pub mod rtp;
pub mod stats;
pub mod transport;
pub mod udp;
pub mod worker;
