//! Forwarding: what publishers send is stored once, what subscribers get is a reference until it leaves.
//!
//! Before this module a packet is a plaintext RTP packet from `node.rs`; after it, `pacer.rs` holds a reference,
//! and `rewriter.rs` gives it its numbers when the pacer lets it go.

pub mod cap;
pub mod choice;
pub mod keyframes;
pub mod layer;
pub mod nack;
pub mod pauses;
pub mod publisher;
pub mod reception;
pub mod rewriter;
pub mod skips;
pub mod slot;
pub mod store;
pub mod subscriber;
pub mod voices;
