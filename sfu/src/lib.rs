//! The media engine: a selective forwarding unit whose core has no socket, clock or thread.

pub mod drops;
pub mod transport;
