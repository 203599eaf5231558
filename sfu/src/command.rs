//! All that Python and the engine say to each other; its mirror is `src/telepresence/engine/commands.py`.
//!
//! Commands come in and events go out as JSON objects tagged by `type`. Identifiers are chosen by Python
//! and never used again within a run.

use serde::{Deserialize, Serialize};

use crate::transport::dtls::Fingerprint;

/// Python's number for a connection.
pub type ConnId = u64;
/// Python's number for a published track.
pub type TrackId = u64;

/// `Up`: the peer publishes. `Down`: the peer watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The peer publishes.
    Up,
    /// The peer watches.
    Down,
}

/// The engine's own role in DTLS. Source: RFC 5763 §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Setup {
    /// DTLS client.
    Active,
    /// DTLS server.
    Passive,
}

/// Kind of a media track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// Codecs that the engine forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
}

/// Ids of RTP header extensions that were negotiated; the same in every m-line of a connection (RFC 8843 §9.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extensions {
    /// Which m-line a packet is of. Source: RFC 9143 §15.
    pub mid: Option<u8>,
    /// Which simulcast layer a packet is of. Source: RFC 8852.
    pub rid: Option<u8>,
    /// Which simulcast layer a retransmission repairs. Source: RFC 8852.
    pub repaired_rid: Option<u8>,
    /// The transport-wide sequence number, where its feedback was negotiated.
    pub transport_cc: Option<u8>,
    /// When a packet left.
    pub abs_send_time: Option<u8>,
    /// How loud a voice is. Source: RFC 6464.
    pub audio_level: Option<u8>,
    /// How a camera is held. Source: 3GPP TS 26.114 §7.4.5.
    pub video_orientation: Option<u8>,
}

/// One track of an up connection, as negotiated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveTrack {
    /// Python's number for it.
    pub track: TrackId,
    /// Its m-line.
    pub mid: String,
    /// Sound or picture.
    pub kind: Kind,
    /// Its codec.
    pub codec: Codec,
    /// The codec's payload type.
    pub payload_type: u8,
    /// Timestamp units a second.
    pub clock_rate: u32,
    /// The payload type of its retransmissions.
    #[serde(default)]
    pub rtx_payload_type: Option<u8>,
    /// Its SSRC, where the offer names one.
    #[serde(default)]
    pub ssrc: Option<u32>,
    /// The SSRC of its retransmissions, where the offer names one.
    #[serde(default)]
    pub rtx_ssrc: Option<u32>,
    /// Whether generic NACK was negotiated.
    #[serde(default)]
    pub nack: bool,
    /// Whether picture loss indications were negotiated.
    #[serde(default)]
    pub pli: bool,
    /// Whether REMB was negotiated.
    #[serde(default)]
    pub remb: bool,
    /// The restriction ids of its simulcast layers, in the offer's order; empty: one layer without.
    #[serde(default)]
    pub rids: Vec<String>,
    /// The group of voices of which the loudest are forwarded; none: it is outside of selection.
    #[serde(default)]
    pub voice_group: Option<u64>,
}

/// One m-line of a down connection: one SSRC for its whole life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendSlot {
    /// Its number within the connection.
    pub slot: u32,
    /// Its m-line.
    pub mid: String,
    /// Sound or picture.
    pub kind: Kind,
    /// Its SSRC.
    pub ssrc: u32,
    /// The SSRC of its retransmissions.
    #[serde(default)]
    pub rtx_ssrc: Option<u32>,
    /// The canonical name of its sender reports.
    pub cname: String,
}

/// A codec that the receiver took, with the payload types of our offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendCodec {
    /// The codec.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: u8,
    /// Timestamp units a second.
    pub clock_rate: u32,
    /// The payload type of its retransmissions.
    #[serde(default)]
    pub rtx_payload_type: Option<u8>,
    /// Whether generic NACK was negotiated.
    #[serde(default)]
    pub nack: bool,
}

/// What Python wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Command {
    /// Opens a connection: STUN for `ufrag` is answered from now on.
    Open {
        /// Its number.
        conn: ConnId,
        /// Who sends.
        direction: Direction,
        /// Our ICE user fragment.
        ufrag: String,
        /// Our ICE password.
        pwd: String,
    },
    /// The peer's description is known: DTLS may begin. Once it has, only the user fragment is replaced, and another
    /// fingerprint is refused.
    Remote {
        /// The connection.
        conn: ConnId,
        /// The peer's ICE user fragment.
        ufrag: String,
        /// Our DTLS role.
        setup: Setup,
        /// The peer's certificate.
        #[serde(with = "fingerprint_text")]
        fingerprint: Fingerprint,
    },
    /// An ICE restart: checks with these credentials are answered from now on, those with the old ones until the first valid
    /// check with the new. DTLS, keys and SSRCs stay.
    Restart {
        /// The connection.
        conn: ConnId,
        /// Our new ICE user fragment.
        ufrag: String,
        /// Our new ICE password.
        pwd: String,
    },
    /// Replaces the list of tracks that an up connection receives.
    Receive {
        /// The connection.
        conn: ConnId,
        /// Its tracks.
        tracks: Vec<ReceiveTrack>,
        /// Its header extensions.
        #[serde(default)]
        extensions: Extensions,
    },
    /// Sets the slots of a down connection, and what the receiver took of our offer.
    Send {
        /// The connection.
        conn: ConnId,
        /// Its slots.
        slots: Vec<SendSlot>,
        /// Its codecs.
        codecs: Vec<SendCodec>,
        /// Its header extensions.
        #[serde(default)]
        extensions: Extensions,
    },
    /// Puts a track into a slot, or empties it.
    Assign {
        /// The connection.
        conn: ConnId,
        /// The slot.
        slot: u32,
        /// The track, or none.
        track: Option<TrackId>,
    },
    /// Says how a picture is shown; before it, at full size.
    View {
        /// The connection.
        conn: ConnId,
        /// The slot.
        slot: u32,
        /// Device pixels across; 0 × 0 is not shown, and the slot is paused.
        width: u32,
        /// Device pixels down.
        height: u32,
        /// Whether it goes before others when the link is narrow.
        pinned: bool,
    },
    /// Closes a connection and forgets its tracks or slots.
    Close {
        /// The connection.
        conn: ConnId,
    },
}

impl Command {
    /// The command's name on the wire and its connection.
    pub fn subject(&self) -> (&'static str, ConnId) {
        match self {
            Self::Open { conn, .. } => ("open", *conn),
            Self::Remote { conn, .. } => ("remote", *conn),
            Self::Restart { conn, .. } => ("restart", *conn),
            Self::Receive { conn, .. } => ("receive", *conn),
            Self::Send { conn, .. } => ("send", *conn),
            Self::Assign { conn, .. } => ("assign", *conn),
            Self::View { conn, .. } => ("view", *conn),
            Self::Close { conn } => ("close", *conn),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// ICE and DTLS are done and the fingerprint is right: media flows.
    Connected {
        /// The connection.
        conn: ConnId,
    },
    /// The connection is dead and forgotten.
    Failed {
        /// The connection.
        conn: ConnId,
        /// Why, in words.
        reason: String,
    },
    /// The first media packet of a track arrived.
    TrackLive {
        /// The connection.
        conn: ConnId,
        /// The track.
        track: TrackId,
    },
    /// Other voices of a group are forwarded than before, or its active speaker changed.
    Voices {
        /// The group.
        group: u64,
        /// The tracks that are forwarded, the loudest first, those without levels last.
        loudest: Vec<TrackId>,
        /// The active speaker.
        speaker: Option<TrackId>,
    },
    /// Other pictures than before are held back because a viewer's link does not carry them.
    Paused {
        /// The viewer's connection.
        conn: ConnId,
        /// The slots of all that are held back.
        slots: Vec<u32>,
    },
    /// A command could not be carried out.
    Refused {
        /// Its name.
        command: String,
        /// Its connection.
        conn: ConnId,
        /// Why, in words.
        reason: String,
    },
}

mod fingerprint_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Fingerprint;

    pub fn serialize<S: Serializer>(fingerprint: &Fingerprint, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(fingerprint)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Fingerprint, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
