//! Forwarding: what publishers send is stored once, what subscribers get is a reference until it leaves.
//!
//! Before this module a packet is a plaintext RTP packet from `node.rs`; after it, `pacer.rs` holds a reference,
//! and `slot.rs` writes the outgoing header when the pacer lets it go.

pub mod keyframes;
pub mod nack;
pub mod publisher;
pub mod slot;
pub mod store;
pub mod subscriber;
