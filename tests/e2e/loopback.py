"""Brings loopback up in a fresh network namespace, and then becomes the command that it is given.

Use: `unshare --net python loopback.py COMMAND…`. No tool but the kernel's is needed for it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
IFREQ = struct.Struct("16sh14x")
"""Name and flags of an interface. Source: netdevice(7)."""


def bring_up(interface: str) -> None:
    """Sets an interface up. Raises OSError without the right to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, IFREQ.pack(interface.encode(), IFF_UP))


if __name__ == "__main__":
    bring_up("lo")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  # the test's own command
