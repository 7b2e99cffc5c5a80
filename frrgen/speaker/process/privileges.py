"""What root may do that a speaker never does."""

from __future__ import annotations

import ctypes
import os
from typing import Final

KILL: Final = 5
NET_BIND_SERVICE: Final = 10
NET_RAW: Final = 13
DAC_READ_SEARCH: Final = 2
KEPT: Final = (DAC_READ_SEARCH, KILL, NET_BIND_SERVICE, NET_RAW)
"""To read inventories of others, to end programs of health checks, to listen on port 179 again, to bind to a VRF."""
_VERSION_3: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 (linux/capability.h): 64 capabilities, in two halves."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop_privileges() -> bool:
    """Drop, as root, all but a few capabilities of this thread and of the threads that it starts (capset(2)).

    A program that the speaker starts, such as one of a health check or the speaker itself at a restart, has what root
    has. Returns whether any was given up.
    """
    if os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    halves = (_Half * 2)()
    header = _Header(_VERSION_3, 0)
    if libc.capget(ctypes.byref(header), halves):
        return False
    kept = sum(1 << one for one in KEPT)
    for number, half in enumerate(halves):
        some = half.permitted & (kept >> 32 * number & 0xFFFFFFFF)
        half.effective = half.permitted = some
        half.inheritable = 0
    return bool(libc.capset(ctypes.byref(header), halves) == 0)
