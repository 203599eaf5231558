"""A hundred thousand datagrams a second of garbage, from addresses that nobody knows: `python flood.py PORT RATE SECONDS`.

It floods, and at the end prints the rate that was reached. The kernel takes a thousand datagrams a call
(sendmmsg), which Python has no name for; so this goes by ctypes. Sixty-four sockets make sixty-four addresses.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import socket
import sys
import time

SOCKETS = 64
SHAPES = 64
"""Different datagrams of each kind; what repeats is as much work to refuse as what does not."""

BATCHES_A_S = 500
CATCH_UP_S = 0.02
"""What a busy machine delayed by so much is sent at once; beyond it, the rate falls."""

STUN_COOKIE = b"\x21\x12\xa4\x42"


class Iovec(ctypes.Structure):
    """Source: readv(2)."""

    _fields_ = (("base", ctypes.c_char_p), ("length", ctypes.c_size_t))


class Msghdr(ctypes.Structure):
    """Source: sendmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.POINTER(Iovec)),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Mmsghdr(ctypes.Structure):
    """Source: sendmmsg(2)."""

    _fields_ = (("header", Msghdr), ("sent", ctypes.c_uint))


def garbage(chance: random.Random) -> list[bytes]:
    """Random bytes, requests to nobody with a wrong integrity, RTP and DTLS from nowhere, in equal parts."""
    shapes = []
    for _ in range(SHAPES):
        noise = chance.randbytes(chance.randint(1, 1200))
        attribute = b"\x00\x06\x00\x08" + chance.randbytes(8).hex()[:8].encode()
        stun = b"\x00\x01\x00\x0c" + STUN_COOKIE + chance.randbytes(12) + attribute
        rtp = b"\x80\x60" + chance.randbytes(10) + chance.randbytes(chance.randint(20, 1100))
        dtls = b"\x16\xfe\xfd" + chance.randbytes(10) + chance.randbytes(200)
        shapes += [noise, stun, rtp, dtls]
    chance.shuffle(shapes)
    return shapes


class Burst:
    """So many datagrams in one call, each time from another socket."""

    def __init__(self, port: int, shapes: list[bytes], count: int) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
        for one in self._sockets:
            one.connect(("127.0.0.1", port))
        self._pieces = (Iovec * count)()
        self._messages = (Mmsghdr * count)()
        for number in range(count):
            shape = shapes[number % len(shapes)]
            self._pieces[number] = Iovec(shape, len(shape))
            self._messages[number].header.iov = ctypes.pointer(self._pieces[number])
            self._messages[number].header.iov_length = 1
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._turn = 0

    def send(self) -> int:
        """Sends one burst; returns how many datagrams the kernel took."""
        self._turn += 1
        descriptor = self._sockets[self._turn % SOCKETS].fileno()
        sent = self._sendmmsg(descriptor, self._messages, len(self._messages), 0)
        if sent < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return sent


def flood(port: int, rate: int, seconds: float) -> float:
    """Floods at a steady rate; returns datagrams a second. A machine that is busy makes it slower, not later."""
    burst = Burst(port, garbage(random.Random(4)), max(1, rate // BATCHES_A_S))
    began = time.monotonic()
    sent, due = 0, began
    while (now := time.monotonic()) < began + seconds:
        if now < due:
            time.sleep(due - now)
        sent += burst.send()
        due = max(due + 1 / BATCHES_A_S, time.monotonic() - CATCH_UP_S)
    return sent / (time.monotonic() - began)


if __name__ == "__main__":
    arguments = [float(word) for word in sys.argv[1:4]]
    sys.stdout.write(json.dumps({"rate": flood(int(arguments[0]), int(arguments[1]), arguments[2])}) + "\n")
