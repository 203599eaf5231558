"""What a hostile device sends: packets that are wrong in one way each, and how to send them from where it hurts.

Two places to stand: a stranger's socket of its own (`Stranger`), and inside a participant's established connection
(`Insider`), whose address the engine trusts and whose keys are right. Neither takes part in the call otherwise.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import struct
from collections.abc import Awaitable, Callable

from aioice import stun
from aiortc import RTCDtlsTransport, RTCPeerConnection
from pylibsrtp import Policy, Session

STUN_COOKIE = 0x2112A442
"""Source: RFC 8489 §5."""

DTLS_HANDSHAKE = 22
"""Content type. Source: RFC 5246 §6.2.1."""

FINGERPRINT = re.compile(r"^(a=fingerprint:sha-256 )(\S+)", re.MULTILINE)


class Stranger:
    """A socket of somebody who is not in any room."""

    def __init__(self, port: int) -> None:
        """Sends to `port` of loopback."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)

    def send(self, data: bytes) -> None:
        """Sends one datagram."""
        self._socket.send(data)

    def answers(self) -> int:
        """Datagrams that came back so far and were not counted yet."""
        count = 0
        while True:
            try:
                self._socket.recv(2048)
            except BlockingIOError:
                return count
            count += 1

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class Insider:
    """The wire under an established connection of aiortc's. Its own names are private: aiortc's version is pinned."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        """From now on, notes the packets that the connection sends."""
        transports = {transceiver.sender.transport for transceiver in connection.getTransceivers()}
        (self._dtls,) = transports
        assert isinstance(self._dtls, RTCDtlsTransport)
        self._wire: Callable[[bytes], Awaitable[None]] = self._dtls.transport._send
        self.sent: list[bytes] = []
        self._dtls.transport._send = self._note

    async def _note(self, data: bytes) -> None:
        if data[0] & 0xC0 == 0x80:  # SRTP or SRTCP; source: RFC 7983 §7
            self.sent.append(data)
        await self._wire(data)

    async def send(self, data: bytes) -> None:
        """Sends a datagram from the connection's own address, as it is."""
        await self._wire(data)

    async def media_packet(self) -> bytes:
        """The next SRTP packet (not SRTCP) that the connection sends."""
        seen = len(self.sent)
        while True:
            for packet in self.sent[seen:]:
                if not 64 <= packet[1] & 0x7F < 96:  # payload types that would be RTCP; source: RFC 5761 §4
                    return packet
            await asyncio.sleep(0.01)


LATER = 1_000
"""Packets ahead of the true sender, who is there some ten seconds later: what he has sent already counts as replayed."""


def garbage() -> bytes:
    """A datagram whose first byte no protocol of RFC 7983 has."""
    return bytes([0xFF]) + bytes(range(200))


def truncated_stun() -> bytes:
    """A Binding request that announces 64 bytes of attributes and has 4."""
    return struct.pack("!HHI12s4s", 0x0001, 64, STUN_COOKIE, b"truncated!!!", b"\0\6\0\40")


def stun_indication() -> bytes:
    """A whole Binding indication: nothing that is asked of a server."""
    message = stun.Message(stun.Method.BINDING, stun.Class.INDICATION)
    message.add_fingerprint()
    return bytes(message)


def stun_request(username: str, password: str) -> bytes:
    """A Binding request with the integrity of `password`, as `username` (`theirs:ours`)."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.add_message_integrity(password.encode())
    return bytes(message)


def dtls_record() -> bytes:
    """A DTLS 1.2 handshake record whose length goes beyond its end."""
    return struct.pack("!BHHHIH", DTLS_HANDSHAKE, 0xFEFD, 0, 0, 7, 1_200) + b"\1\0\0"


def dtls_nonsense() -> bytes:
    """A whole DTLS record of a content type that there is none of, within DTLS's range."""
    return struct.pack("!BHHHIH", 63, 0xFEFD, 0, 0, 7, 4) + b"\xde\xad\xbe\xef"


def rtp(*, ssrc: int, sequence: int = 1, payload_type: int = 96, payload: bytes = b"\x10" + bytes(100)) -> bytes:
    """A plain RTP packet."""
    return struct.pack("!BBHII", 0x80, payload_type, sequence, 90_000, ssrc) + payload


def truncated_rtp() -> bytes:
    """Five bytes of an RTP header's twelve."""
    return rtp(ssrc=1)[:5]


def truncated_rtcp() -> bytes:
    """Six bytes of a sender report: too short for its header, let alone its index and tag."""
    return struct.pack("!BBHH", 0x80, 200, 6, 1)


def wrong_key(packet: bytes) -> bytes:
    """An SRTP packet as it would be with somebody else's key: the header of `packet`, a later number, a tag of its own."""
    header = packet[:12]
    sequence = (struct.unpack("!H", header[2:4])[0] + LATER) & 0xFFFF
    plain = bytes([0x80]) + header[1:2] + struct.pack("!H", sequence) + header[4:12] + bytes(120)
    policy = Policy(
        key=hashlib.sha256(b"not the key").digest()[:28],  # AEAD_AES_128_GCM: 16 bytes and 12 of salt; RFC 7714 §12
        ssrc_type=Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    )
    return Session(policy).protect(plain)


def with_wrong_fingerprint(sdp: str) -> str:
    """The description with a certificate's fingerprint that is nobody's."""
    wrong = ":".join(f"{byte:02X}" for byte in hashlib.sha256(b"not the certificate").digest())
    return FINGERPRINT.sub(rf"\g<1>{wrong}", sdp)


def ice_of(sdp: str) -> tuple[str, str]:
    """User fragment and password of a description."""
    ufrag, pwd = (re.search(rf"^a=ice-{name}:(\S+)", sdp, re.MULTILINE) for name in ("ufrag", "pwd"))
    assert ufrag, "the description has no ice-ufrag"
    assert pwd, "the description has no ice-pwd"
    return ufrag[1], pwd[1]
