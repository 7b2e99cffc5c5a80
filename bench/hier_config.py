"""hier_config as a peer of `plan`: from PyPI, in an environment of its own, and never a dependency of frrgen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

_VERSION: Final = "3.7.1"
_SCRIPT: Final = """
import sys
from pathlib import Path
from hier_config import Platform, WorkflowRemediation, get_hconfig
def read(name):
    # it takes a second exit for a mistake: a block ends where the indentation does
    lines = Path(name).read_text().splitlines()
    return get_hconfig(Platform.GENERIC, "\\n".join(one for one in lines if one.strip() not in {"exit", "end"}))
running, intended = map(read, sys.argv[1:])
for line in WorkflowRemediation(running, intended).remediation_config.all_children_sorted():
    print(line.cisco_style_text())
"""


def hier_config(running: str, intended: str) -> list[str] | None:
    """Return the command that prints the lines between two files; None where it cannot be installed."""
    folder = Path.home() / ".cache/frrgen" / f"hier_config-{_VERSION}"
    python = folder / "bin/python"
    if not (folder / "installed").exists():
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"hier_config=={_VERSION}"]
        for command in ([sys.executable, "-m", "venv", str(folder)], install):
            if subprocess.run(command, check=False, capture_output=True).returncode:
                return None
        (folder / "installed").touch()
    return [str(python), "-c", _SCRIPT, running, intended]
