//! SRTP and SRTCP (RFC 3711, RFC 7714): opens what a client sends, seals what it is sent.
//!
//! Keys come from `dtls.rs` as [`KeyingMaterial`]. A connection has one [`Opener`], called by `node.rs` before
//! anything is parsed further, and one [`Sealer`], called last, where the pacer has written the header. Neither
//! allocates for a packet of an SSRC that it knows, and an SSRC becomes known by a packet that authenticates.

mod cipher;
#[cfg(test)]
mod vectors;
mod window;

use self::cipher::{Cipher, ENCRYPTED, GCM_TAG, RTCP_HEADER, Stream};
use self::window::{Claim, Streams};
use crate::drops::DropReason;

/// The most that sealing adds to an RTP packet: GCM's tag.
pub const RTP_OVERHEAD_MAX: usize = GCM_TAG;
/// The most that sealing adds to an RTCP compound: GCM's tag and the index.
pub const RTCP_OVERHEAD_MAX: usize = GCM_TAG + 4;
/// SSRCs that one client may send from; four simulcast layers with RTX and audio, in several sources, need fewer.
pub const MAX_SSRCS: usize = 64;
/// SSRCs that one client may be sent: 25 slots of audio, video and RTX are 75.
pub const MAX_SEALED_SSRCS: usize = 128;

/// RTCP's index has 31 bits.
const RTCP_INDEX_MAX: u32 = ENCRYPTED - 1;

/// The protection profiles that DTLS may negotiate (RFC 5764, RFC 7714).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// AES in counter mode with a tag of 80 bits.
    Aes128CmSha1_80,
    /// AES-GCM with a key of 128 bits.
    AeadAes128Gcm,
    /// AES-GCM with a key of 256 bits.
    AeadAes256Gcm,
}

impl Profile {
    /// Length of the master key, and of the session key, in bytes.
    const fn key_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt in bytes.
    const fn salt_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }
}

/// A master key and its salt (a short one ends in zeros); wiped when dropped.
struct Master {
    key: [u8; 32],
    key_len: usize,
    salt: [u8; 14],
}

impl Master {
    fn new(key: &[u8], salt: &[u8]) -> Option<Self> {
        let mut master = Self { key: [0; 32], key_len: key.len(), salt: [0; 14] };
        master.key.get_mut(..key.len())?.copy_from_slice(key);
        master.salt.get_mut(..salt.len())?.copy_from_slice(salt);
        Some(master)
    }

    fn key(&self) -> &[u8] {
        self.key.get(..self.key_len).unwrap_or_default()
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        self.key.fill(0);
        self.salt.fill(0);
        // Without a reader the compiler may leave the wiping out.
        std::hint::black_box((&self.key, &self.salt));
    }
}

/// The master keys of both directions, from the DTLS exporter. It has no `Debug`: keys are not for logs.
pub struct KeyingMaterial {
    profile: Profile,
    local: Master,
    remote: Master,
}

impl KeyingMaterial {
    /// Splits the exported bytes: client's key, server's key, client's salt, server's salt (RFC 5764 §4.2).
    ///
    /// Errors: the export has not the profile's length.
    pub fn new(profile: Profile, exported: &[u8], we_are_client: bool) -> Result<Self, String> {
        let (key, salt) = (profile.key_len(), profile.salt_len());
        let expected = 2 * (key + salt);
        let parts = || {
            let (client_key, rest) = exported.split_at_checked(key)?;
            let (server_key, rest) = rest.split_at_checked(key)?;
            let (client_salt, server_salt) = rest.split_at_checked(salt)?;
            Some((Master::new(client_key, client_salt)?, Master::new(server_key, server_salt)?))
        };
        let (client, server) = parts().filter(|_| exported.len() == expected).ok_or_else(|| {
            format!("{profile:?} needs {expected} bytes of keying material, the handshake gave {}", exported.len())
        })?;
        let (local, remote) = if we_are_client { (client, server) } else { (server, client) };
        Ok(Self { profile, local, remote })
    }

    /// The negotiated profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }
}

/// The sealing side of one connection. Each index is sealed once: a nonce used twice gives a GCM key away.
pub struct Sealer {
    rtp: Cipher,
    rtcp: Cipher,
    streams: Streams,
    /// One counter for all our SSRCs: each sees it only grow.
    rtcp_index: u32,
}

impl Sealer {
    /// Derives the session keys of our direction.
    ///
    /// # Panics
    /// Never with keys from [`KeyingMaterial::new`], which has checked their lengths.
    pub fn new(keys: &KeyingMaterial) -> Self {
        Self {
            rtp: derive(keys.profile, &keys.local, Stream::Rtp),
            rtcp: derive(keys.profile, &keys.local, Stream::Rtcp),
            streams: Streams::at_most(MAX_SEALED_SSRCS),
            rtcp_index: 0,
        }
    }

    /// Seals one RTP packet into `out`: `header` as it is, `payload` encrypted, then the tag; returns the length.
    ///
    /// `header` is the whole RTP header with CSRCs and extension. `out` needs [`RTP_OVERHEAD_MAX`] bytes more than
    /// both. Sequence numbers may be out of order by less than 128; the roll-over counter is kept here.
    ///
    /// Errors: [`DropReason::RtpMalformed`] for a header of a wrong length or an `out` too short,
    /// [`DropReason::SrtpReplayed`] for a number that was sealed already or is too old,
    /// [`DropReason::TooManySsrcs`] beyond [`MAX_SEALED_SSRCS`], [`DropReason::SrtpExhausted`] after 2^48 packets.
    pub fn seal_rtp(&mut self, header: &[u8], payload: &[u8], out: &mut [u8]) -> Result<usize, DropReason> {
        let RtpHeader { length, sequence, ssrc } = RtpHeader::parse(header)?;
        let sealed = header.len() + payload.len() + self.rtp.tag_len();
        let out = out.get_mut(..sealed).filter(|_| length == header.len()).ok_or(DropReason::RtpMalformed)?;
        let mut done = None;
        self.streams.take(ssrc, Claim::Sequence(sequence), |index| {
            // Even if this failed, the index stays taken: its nonce may have been used.
            done = self.rtp.seal_rtp((ssrc, index), header, payload, out);
            Ok(())
        })?;
        done.map(|()| sealed).ok_or(DropReason::RtpMalformed)
    }

    /// Seals an RTCP compound into `out`; returns the length.
    ///
    /// Errors: [`DropReason::RtcpMalformed`] for a compound shorter than its header or an `out` that has not
    /// [`RTCP_OVERHEAD_MAX`] bytes more, [`DropReason::SrtpExhausted`] after 2^31 packets.
    pub fn seal_rtcp(&mut self, compound: &[u8], out: &mut [u8]) -> Result<usize, DropReason> {
        let ssrc = rtcp_ssrc(compound)?;
        let sealed = compound.len() + self.rtcp.tag_len() + 4;
        let out = out.get_mut(..sealed).ok_or(DropReason::RtcpMalformed)?;
        if self.rtcp_index == RTCP_INDEX_MAX {
            return Err(DropReason::SrtpExhausted);
        }
        self.rtcp_index += 1;
        self.rtcp.seal_rtcp((ssrc, self.rtcp_index), compound, out).ok_or(DropReason::RtcpMalformed)?;
        Ok(sealed)
    }
}

/// The opening side of one connection, with a replay window for each SSRC of RTP and of RTCP.
pub struct Opener {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_streams: Streams,
    rtcp_streams: Streams,
}

impl Opener {
    /// Derives the session keys of the client's direction.
    ///
    /// # Panics
    /// Never with keys from [`KeyingMaterial::new`], which has checked their lengths.
    pub fn new(keys: &KeyingMaterial) -> Self {
        Self {
            rtp: derive(keys.profile, &keys.remote, Stream::Rtp),
            rtcp: derive(keys.profile, &keys.remote, Stream::Rtcp),
            rtp_streams: Streams::at_most(MAX_SSRCS),
            rtcp_streams: Streams::at_most(MAX_SSRCS),
        }
    }

    /// Opens an RTP packet in place; the first bytes, as many as returned, are the plain header and payload.
    ///
    /// Errors: [`DropReason::RtpMalformed`], [`DropReason::SrtpReplayed`] (also for what is older than the window
    /// of 128), [`DropReason::TooManySsrcs`] beyond [`MAX_SSRCS`], [`DropReason::SrtpAuthentication`]. After an
    /// error the packet's bytes may have changed.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        let RtpHeader { length, sequence, ssrc } = RtpHeader::parse(packet)?;
        let plain = packet.len().checked_sub(self.rtp.tag_len()).ok_or(DropReason::RtpMalformed)?;
        if plain < length {
            return Err(DropReason::RtpMalformed);
        }
        self.rtp_streams
            .take(ssrc, Claim::Sequence(sequence), |index| self.rtp.open_rtp((ssrc, index), length, packet))?;
        Ok(plain)
    }

    /// Opens an RTCP packet in place; the first bytes, as many as returned, are the plain compound.
    ///
    /// Errors: as [`Opener::open_rtp`], with [`DropReason::RtcpMalformed`] for wrong lengths. A packet that says it
    /// is not encrypted is refused as [`DropReason::SrtpAuthentication`]: no profile of ours allows it.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        let malformed = DropReason::RtcpMalformed;
        let ssrc = rtcp_ssrc(packet)?;
        let plain = packet.len().checked_sub(self.rtcp.tag_len() + 4).ok_or(malformed)?;
        if plain < RTCP_HEADER {
            return Err(malformed);
        }
        let word = self.rtcp.rtcp_word(packet).ok_or(malformed)?;
        if word & ENCRYPTED == 0 {
            return Err(DropReason::SrtpAuthentication);
        }
        let index = word & RTCP_INDEX_MAX;
        self.rtcp_streams.take(ssrc, Claim::Index(u64::from(index)), |_| self.rtcp.open_rtcp((ssrc, index), packet))?;
        Ok(plain)
    }
}

#[allow(clippy::expect_used, reason = "lengths were checked by KeyingMaterial::new")]
fn derive(profile: Profile, master: &Master, stream: Stream) -> Cipher {
    Cipher::derive(profile, master, stream).expect("AES is there, and the key has the profile's length")
}

/// What SRTP needs of an RTP header (RFC 3550 §5.1).
struct RtpHeader {
    /// With CSRCs and extension.
    length: usize,
    sequence: u16,
    ssrc: u32,
}

impl RtpHeader {
    fn parse(packet: &[u8]) -> Result<Self, DropReason> {
        let malformed = DropReason::RtpMalformed;
        let (fixed, rest) = packet.split_first_chunk::<12>().ok_or(malformed)?;
        let [first, _, q0, q1, _, _, _, _, s0, s1, s2, s3] = *fixed;
        if first >> 6 != 2 {
            return Err(malformed);
        }
        let csrcs = 4 * usize::from(first & 0x0f);
        let mut length = 12 + csrcs;
        if first & 0x10 != 0 {
            let (_, extension) = rest.split_at_checked(csrcs).ok_or(malformed)?;
            let [_, _, l0, l1] = *extension.first_chunk::<4>().ok_or(malformed)?;
            length += 4 + 4 * usize::from(u16::from_be_bytes([l0, l1]));
        }
        if length > packet.len() {
            return Err(malformed);
        }
        let sequence = u16::from_be_bytes([q0, q1]);
        Ok(Self { length, sequence, ssrc: u32::from_be_bytes([s0, s1, s2, s3]) })
    }
}

/// The sender's SSRC, which stands in the same place in every RTCP packet.
fn rtcp_ssrc(compound: &[u8]) -> Result<u32, DropReason> {
    let [first, _, _, _, s0, s1, s2, s3] = *compound.first_chunk::<RTCP_HEADER>().ok_or(DropReason::RtcpMalformed)?;
    if first >> 6 != 2 {
        return Err(DropReason::RtcpMalformed);
    }
    Ok(u32::from_be_bytes([s0, s1, s2, s3]))
}
