//! The media engine in virtual time: the product's own `Node`, with simulated links, publishers and viewers around it.
//!
//! A story makes a `World`, says what peers there are (`peers.rs`) and what their links do (`link.rs`), lets time pass and checks
//! what viewers saw (`viewer.rs`, `decoder.rs`, `numbers.rs`) and what publishers were asked (`publisher.rs`, `camera.rs`). Peers
//! can also be led by hand, packet by packet (`hand.rs`). `account.rs` compares with the engine's own counters.
//! One seed determines one run; no clock is read but for the instant that a run starts from (`clock.rs`).
#![allow(clippy::indexing_slicing, reason = "what fails here fails a test")]

mod account;
pub mod camera;
pub mod clock;
pub mod decoder;
pub mod estimator;
pub mod hand;
pub mod link;
pub mod numbers;
pub mod payload;
pub mod peer;
pub mod peers;
pub mod publisher;
pub mod reception;
pub mod seed;
pub mod viewer;
pub mod world;

pub use camera::{Camera, Layer};
pub use link::Conditions;
pub use peer::PWD;
pub use peers::VOICES;
pub use publisher::Media;
pub use seed::for_seeds;
pub use world::World;
