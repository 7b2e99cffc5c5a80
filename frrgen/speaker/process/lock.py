"""One speaker for each node: two of them would take each other's sessions away, for ever."""

from __future__ import annotations

import errno
import socket

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding


def hold(cluster: str, node: str) -> socket.socket:
    """Return a lock on a node, which lasts as long as the socket. Raises DeviceError if another process has it.

    The name is in Linux's abstract namespace: it belongs to the network that the sessions come from, leaves nothing on
    a disk, and goes with the process, however that ends.
    """
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f"\0frrgen-speaker/{cluster}/{node}"[:108])
    except OSError as bad:
        lock.close()
        if bad.errno != errno.EADDRINUSE:
            raise DeviceError(Finding(Code.FRR605, f"cannot lock node {cluster}/{node}: {bad.strerror}")) from bad
        hint = "stop it first; `frrgen speaker status` shows what it does"
        raise DeviceError(
            Finding(Code.FRR605, f"another speaker of node {cluster}/{node} runs here", hint=hint)
        ) from None
    return lock
