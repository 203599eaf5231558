//! Why a datagram or packet was dropped. Nothing is dropped silently: each reason is a counter.
//!
//! Parsers return `Result<_, DropReason>`; `node.rs` counts the error and goes on.

use serde::Serialize;

macro_rules! drop_reasons {
    ($($(#[$doc:meta])* $name:ident => $label:literal,)*) => {
        /// Why a datagram or packet was dropped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[repr(u8)]
        pub enum DropReason { $($(#[$doc])* #[serde(rename = $label)] $name,)* }

        impl DropReason {
            /// Every reason, in order of its discriminant.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$name,)*];

            /// The counter's label.
            pub const fn label(self) -> &'static str {
                match self { $(DropReason::$name => $label,)* }
            }
        }
    };
}

drop_reasons! {
    /// The first byte belongs to no protocol of RFC 7983.
    UnknownProtocol => "unknown-protocol",
    /// A STUN message whose lengths do not add up.
    StunMalformed => "stun-malformed",
    /// A STUN message that is not a Binding request.
    StunNotRequest => "stun-not-request",
    /// A Binding request for a user fragment that nobody has.
    StunUnknownUser => "stun-unknown-user",
    /// MESSAGE-INTEGRITY or FINGERPRINT is wrong or missing.
    StunIntegrity => "stun-integrity",
    /// The transaction id was seen before.
    StunReplayed => "stun-replayed",
    /// A valid check from an address that is another live peer's.
    AddressTaken => "address-taken",
    /// Not STUN, and from an address without a connection.
    UnknownAddress => "unknown-address",
    /// DTLS before the peer's description is known, beyond what is kept.
    DtlsEarly => "dtls-early",
    /// A DTLS record of an unknown kind or version, or whose length does not add up.
    DtlsMalformed => "dtls-malformed",
    /// DTLS that the handshake refuses.
    DtlsRefused => "dtls-refused",
    /// Media before the handshake is done.
    SrtpEarly => "srtp-early",
    /// Too short for its header, or a header that does not add up.
    RtpMalformed => "rtp-malformed",
    /// RTCP whose lengths do not add up.
    RtcpMalformed => "rtcp-malformed",
    /// The authentication tag is wrong.
    SrtpAuthentication => "srtp-authentication",
    /// The index was seen before, or is older than the window.
    SrtpReplayed => "srtp-replayed",
    /// An SRTP key's packet indices are used up: 2^48 for RTP, 2^31 for RTCP.
    SrtpExhausted => "srtp-exhausted",
    /// More SSRCs than SRTP keeps windows for.
    TooManySsrcs => "too-many-ssrcs",
    /// An SSRC, mid or payload type that was not negotiated.
    UnknownTrack => "unknown-track",
    /// The payload's codec header does not add up.
    PayloadMalformed => "payload-malformed",
    /// A packet that its store already has, or has left behind.
    Duplicate => "duplicate",
    /// An RTX packet without an original (a padding probe).
    RtxEmpty => "rtx-empty",
    /// Media sent to us on a connection that only receives.
    WrongDirection => "wrong-direction",
    /// The receiver took no codec of this kind.
    CodecNotTaken => "codec-not-taken",
    /// A subscriber's queue was full.
    QueueFull => "queue-full",
    /// The socket would not take it.
    SendRefused => "send-refused",
    /// DTLS beyond what may wait for its turn: the handshakes of a moment have a budget of the CPU.
    DtlsBusy => "dtls-busy",
}
