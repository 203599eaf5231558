//! Key derivation and the ciphers: AES-CM with HMAC-SHA1 (RFC 3711), AES-GCM (RFC 7714), over aws-lc-rs.
//!
//! `srtp` decides which index a packet has and whether it may be taken; here is only what the RFCs compute from it.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::{constant_time, hmac};

use super::{Master, Profile};
use crate::drops::DropReason;

/// Labels of RFC 3711 §4.3.1; RTCP's follow at +3.
const LABEL_ENCRYPTION: u8 = 0;
const LABEL_AUTHENTICATION: u8 = 1;
const LABEL_SALT: u8 = 2;

/// HMAC-SHA1's key (RFC 3711 §5.2).
const HMAC_KEY: usize = 20;
/// The tag of HMAC-SHA1-80.
pub(super) const CM_TAG: usize = 10;
/// The tag of both GCM profiles (RFC 7714 §13.2).
pub(super) const GCM_TAG: usize = 16;
/// AES-CM's session salt.
const CM_SALT: usize = 14;
/// AES-GCM's session salt and nonce.
const GCM_SALT: usize = 12;
/// What stays plain of an RTCP compound: the first packet's header and its SSRC.
pub(super) const RTCP_HEADER: usize = 8;
/// RTCP's E flag: the packet is encrypted.
pub(super) const ENCRYPTED: u32 = 1 << 31;

/// Which of the two derived key sets.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Rtp,
    Rtcp,
}

/// The session keys of one direction of RTP or RTCP.
pub(super) enum Cipher {
    Gcm {
        key: LessSafeKey,
        salt: [u8; GCM_SALT],
    },
    /// Boxed: HMAC's key is 1.7 kB.
    Cm(Box<CounterMode>),
}

pub(super) struct CounterMode {
    key: EncryptingKey,
    auth: hmac::Key,
    salt: [u8; CM_SALT],
}

impl Cipher {
    /// Derives the session keys from a master key and salt, with a key derivation rate of zero.
    pub(super) fn derive(profile: Profile, master: &Master, stream: Stream) -> Result<Self, String> {
        let first = match stream {
            Stream::Rtp => 0,
            Stream::Rtcp => 3,
        };
        let mut key = [0; 32];
        let key = key.get_mut(..profile.key_len()).unwrap_or_default();
        master.expand(first + LABEL_ENCRYPTION, key)?;
        let mut auth = [0; HMAC_KEY];
        master.expand(first + LABEL_AUTHENTICATION, &mut auth)?;
        let mut salt = [0; CM_SALT];
        master.expand(first + LABEL_SALT, &mut salt)?;
        match profile {
            Profile::Aes128CmSha1_80 => Self::cm(key, &auth, salt),
            Profile::AeadAes128Gcm => Self::gcm(&aead::AES_128_GCM, key, &salt),
            Profile::AeadAes256Gcm => Self::gcm(&aead::AES_256_GCM, key, &salt),
        }
    }

    pub(super) fn cm(key: &[u8], auth: &[u8], salt: [u8; CM_SALT]) -> Result<Self, String> {
        let auth = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth);
        Ok(Self::Cm(Box::new(CounterMode { key: counter_mode(key)?, auth, salt })))
    }

    pub(super) fn gcm(algorithm: &'static aead::Algorithm, key: &[u8], salt: &[u8]) -> Result<Self, String> {
        let key = UnboundKey::new(algorithm, key).map_err(|_| "the AES-GCM key has a wrong length")?;
        let salt = *salt.first_chunk().ok_or("the AES-GCM salt is shorter than 12 bytes")?;
        Ok(Self::Gcm { key: LessSafeKey::new(key), salt })
    }

    /// Bytes that the tag adds.
    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => GCM_TAG,
            Self::Cm(_) => CM_TAG,
        }
    }

    /// Seals an RTP packet into `out`, which is exactly header, payload and tag long.
    pub(super) fn seal_rtp(
        &self,
        (ssrc, index): (u32, u64),
        header: &[u8],
        payload: &[u8],
        out: &mut [u8],
    ) -> Option<()> {
        let (out_header, rest) = out.split_at_mut_checked(header.len())?;
        out_header.copy_from_slice(header);
        match self {
            Self::Gcm { key, salt } => {
                let (body, tag) = rest.split_at_mut_checked(payload.len())?;
                let nonce = gcm_nonce(salt, ssrc, index);
                key.seal_out_of_place_scatter(nonce, Aad::from(header), payload, body, &[], tag).ok()
            }
            Self::Cm(cm) => {
                let (body, tag) = rest.split_at_mut_checked(payload.len())?;
                body.copy_from_slice(payload);
                cm.crypt(ssrc, index, body)?;
                write_tag(tag, &cm.tag(&[header, body, &rounds(index)]))
            }
        }
    }

    /// Opens an RTP packet in place; the plain packet is `packet` without its tag.
    pub(super) fn open_rtp(
        &self,
        (ssrc, index): (u32, u64),
        header_len: usize,
        packet: &mut [u8],
    ) -> Result<(), DropReason> {
        let malformed = DropReason::RtpMalformed;
        match self {
            Self::Gcm { key, salt } => {
                let (header, body) = packet.split_at_mut_checked(header_len).ok_or(malformed)?;
                let opened = key.open_in_place(gcm_nonce(salt, ssrc, index), Aad::from(&*header), body);
                opened.map(|_| ()).map_err(|_| DropReason::SrtpAuthentication)
            }
            Self::Cm(cm) => {
                let end = packet.len().checked_sub(CM_TAG).ok_or(malformed)?;
                let (covered, tag) = packet.split_at_mut_checked(end).ok_or(malformed)?;
                check_tag(tag, &cm.tag(&[covered, &rounds(index)]))?;
                let body = covered.get_mut(header_len..).ok_or(malformed)?;
                cm.crypt(ssrc, index, body).ok_or(malformed)
            }
        }
    }

    /// Seals an RTCP compound into `out`, which is exactly compound, tag and index long.
    pub(super) fn seal_rtcp(&self, (ssrc, index): (u32, u32), compound: &[u8], out: &mut [u8]) -> Option<()> {
        let word = (ENCRYPTED | index).to_be_bytes();
        let (header, payload) = compound.split_at_checked(RTCP_HEADER)?;
        let (out_header, rest) = out.split_at_mut_checked(RTCP_HEADER)?;
        out_header.copy_from_slice(header);
        let (body, trailer) = rest.split_at_mut_checked(payload.len())?;
        match self {
            Self::Gcm { key, salt } => {
                let (tag, end) = trailer.split_at_mut_checked(GCM_TAG)?;
                let nonce = gcm_nonce(salt, ssrc, u64::from(index));
                let aad = Aad::from(gcm_rtcp_aad(header, word)?);
                key.seal_out_of_place_scatter(nonce, aad, payload, body, &[], tag).ok()?;
                write_tag(end, &word)
            }
            Self::Cm(cm) => {
                body.copy_from_slice(payload);
                cm.crypt(ssrc, u64::from(index), body)?;
                let (end, tag) = trailer.split_at_mut_checked(word.len())?;
                end.copy_from_slice(&word);
                write_tag(tag, &cm.tag(&[header, body, &word]))
            }
        }
    }

    /// The E flag and index of a sealed RTCP packet: last with GCM, before the tag with AES-CM.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let after = match self {
            Self::Gcm { .. } => 0,
            Self::Cm(_) => CM_TAG,
        };
        let word = packet.get(..packet.len().checked_sub(after)?)?.last_chunk::<4>()?;
        Some(u32::from_be_bytes(*word))
    }

    /// Opens an RTCP packet in place; the plain compound is `packet` without tag and index.
    pub(super) fn open_rtcp(&self, (ssrc, index): (u32, u32), packet: &mut [u8]) -> Result<(), DropReason> {
        let malformed = DropReason::RtcpMalformed;
        match self {
            Self::Gcm { key, salt } => {
                let end = packet.len().checked_sub(4).ok_or(malformed)?;
                let (sealed, _) = packet.split_at_mut_checked(end).ok_or(malformed)?;
                let (header, body) = sealed.split_at_mut_checked(RTCP_HEADER).ok_or(malformed)?;
                let aad = gcm_rtcp_aad(header, (ENCRYPTED | index).to_be_bytes()).ok_or(malformed)?;
                let opened = key.open_in_place(gcm_nonce(salt, ssrc, u64::from(index)), Aad::from(aad), body);
                opened.map(|_| ()).map_err(|_| DropReason::SrtpAuthentication)
            }
            Self::Cm(cm) => {
                let end = packet.len().checked_sub(CM_TAG).ok_or(malformed)?;
                let (covered, tag) = packet.split_at_mut_checked(end).ok_or(malformed)?;
                check_tag(tag, &cm.tag(&[covered]))?;
                let end = covered.len().checked_sub(4).ok_or(malformed)?;
                let body = covered.get_mut(RTCP_HEADER..end).ok_or(malformed)?;
                cm.crypt(ssrc, u64::from(index), body).ok_or(malformed)
            }
        }
    }
}

impl Master {
    /// The pseudo-random function of RFC 3711 §4.3.3 (and RFC 6188 for 256 bits): AES-CM's key stream at the label.
    pub(super) fn expand(&self, label: u8, out: &mut [u8]) -> Result<(), String> {
        let mut block = [0; 16];
        for (to, from) in block.iter_mut().zip(&self.salt) {
            *to = *from;
        }
        if let Some(byte) = block.get_mut(7) {
            *byte ^= label;
        }
        out.fill(0);
        let context = EncryptionContext::Iv128((&block).into());
        let key = counter_mode(self.key())?;
        key.less_safe_encrypt(out, context).map_err(|_| "the key derivation failed")?;
        Ok(())
    }
}

fn counter_mode(key: &[u8]) -> Result<EncryptingKey, String> {
    let algorithm = if key.len() == 32 { &cipher::AES_256 } else { &cipher::AES_128 };
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| "the AES key has a wrong length")?;
    EncryptingKey::ctr(key).map_err(|_| "AES counter mode is not available".into())
}

/// The roll-over counter, which is authenticated but not sent.
fn rounds(index: u64) -> [u8; 4] {
    let [_, _, roc @ .., _, _] = index.to_be_bytes();
    roc
}

impl CounterMode {
    /// RFC 3711 §4.1.1: salt, SSRC and index, each at its place; the last two bytes count blocks.
    fn crypt(&self, ssrc: u32, index: u64, body: &mut [u8]) -> Option<()> {
        let mut wide = [0; 16];
        *wide.first_chunk_mut()? = self.salt;
        let counter = u128::from_be_bytes(wide) ^ (u128::from(ssrc) << 64) ^ (u128::from(index) << 16);
        let context = EncryptionContext::Iv128((&counter.to_be_bytes()).into());
        self.key.less_safe_encrypt(body, context).ok().map(|_| ())
    }

    pub(super) fn tag(&self, pieces: &[&[u8]]) -> [u8; CM_TAG] {
        let mut context = hmac::Context::with_key(&self.auth);
        pieces.iter().for_each(|piece| context.update(piece));
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }
}

fn check_tag(claimed: &[u8], expected: &[u8; CM_TAG]) -> Result<(), DropReason> {
    constant_time::verify_slices_are_equal(claimed, expected).map_err(|_| DropReason::SrtpAuthentication)
}

/// Fills `slot` if it has just the tag's length.
fn write_tag(slot: &mut [u8], tag: &[u8]) -> Option<()> {
    (slot.len() == tag.len()).then(|| slot.copy_from_slice(tag))
}

/// RFC 7714 §8.1 and §9.1: two zero bytes, SSRC, then the 48-bit index (RTCP's 31 bits fill its lower part).
fn gcm_nonce(salt: &[u8; GCM_SALT], ssrc: u32, index: u64) -> Nonce {
    let mut nonce = [0; 16];
    if let Some(slot) = nonce.last_chunk_mut() {
        *slot = *salt;
    }
    let nonce = u128::from_be_bytes(nonce) ^ (u128::from(ssrc) << 48) ^ u128::from(index);
    let [_, _, _, _, nonce @ ..] = nonce.to_be_bytes();
    Nonce::assume_unique_for_key(nonce)
}

/// RFC 7714 §9.1: the plain header and the word that ends the packet.
fn gcm_rtcp_aad(header: &[u8], word: [u8; 4]) -> Option<[u8; RTCP_HEADER + 4]> {
    let [h0, h1, h2, h3, h4, h5, h6, h7] = *header.first_chunk::<RTCP_HEADER>()?;
    let [w0, w1, w2, w3] = word;
    Some([h0, h1, h2, h3, h4, h5, h6, h7, w0, w1, w2, w3])
}
