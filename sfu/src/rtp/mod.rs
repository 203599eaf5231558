//! RTP and RTCP on the wire: headers, header extensions, payload descriptors, control packets.
//!
//! Before this module a packet is plaintext bytes from `transport/srtp.rs`; after it, `forward/` sees values.
//! Everything here reads untrusted bytes: no indexing, no unwrap, each error is a `DropReason`.

pub mod bytes;
pub mod h264;
pub mod header;
pub mod ntp;
pub mod rtcp;
pub mod sequence;
pub mod twcc;
pub mod vp8;
