#!/usr/bin/python3
"""FRR's own, which fails on what says hello if it is told to."""

import os
import sys
import time
from pathlib import Path

faults = {fault.name for fault in Path("/var/db/faults").iterdir()}
if "test-broken" in faults:
    sys.exit(1)
if b"hello" in Path(sys.argv[-1]).read_bytes():
    if "test-hangs" in faults:
        time.sleep(600)
    if "test-stumbles" in faults:
        sys.exit("ValueError: neighbor 192.0.2.1 password Tr0ub4dor-3")
os.execv("/usr/lib/frr/frr-reload.py", sys.argv)
