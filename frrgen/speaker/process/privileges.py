"""What root may do that a speaker never does."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from typing import Final

NET_BIND_SERVICE: Final = 10
NET_RAW: Final = 13
DAC_READ_SEARCH: Final = 2
KEPT: Final = (DAC_READ_SEARCH, NET_BIND_SERVICE, NET_RAW)
"""To read inventories of others, to listen on port 179 again, to bind to a VRF."""
_VERSION_3: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 (linux/capability.h): 64 capabilities, in two halves."""
_NO_NEW_PRIVILEGES: Final = 38
"""PR_SET_NO_NEW_PRIVS (linux/prctl.h)."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop_privileges() -> bool:
    """Drop, as root, all but a few capabilities of this thread and of the threads that it starts (capset(2)).

    The speaker itself has at a restart what root has. Returns whether any was given up.
    """
    return os.geteuid() == 0 and _keep(KEPT)


def give_up_all() -> None:
    """Drop every capability of this thread, the ambient ones of an ordinary user as well, for good.

    A program that the thread starts has none either: not as root, and not by a file's own rights (prctl(2),
    PR_SET_NO_NEW_PRIVS). Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = [ctypes.c_ulong(one) for one in (1, 0, 0, 0)]
    if libc.prctl(_NO_NEW_PRIVILEGES, *numbers) or not _keep(()):
        raise OSError(ctypes.get_errno(), "capabilities cannot be given up")


def _keep(capabilities: Iterable[int]) -> bool:
    """Drop all capabilities of this thread but some. Returns whether the kernel did it."""
    libc = ctypes.CDLL(None, use_errno=True)
    halves = (_Half * 2)()
    header = _Header(_VERSION_3, 0)
    if libc.capget(ctypes.byref(header), halves):
        return False
    kept = sum(1 << one for one in capabilities)
    for number, half in enumerate(halves):
        some = half.permitted & (kept >> 32 * number & 0xFFFFFFFF)
        half.effective = half.permitted = some
        half.inheritable = 0
    return bool(libc.capset(ctypes.byref(header), halves) == 0)
