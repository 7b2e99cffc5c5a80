"""One FRR router in namespaces of its own.

A router is one process that holds a network, mount, host-name and process namespace; FRR's daemons live inside. When
that process ends, for whatever reason, the kernel ends everything in it: nothing stays behind, not even after a crash.
Inside, `/etc/frr`, `/run` and the home folders are the router's own, so that plain `vtysh` works as on any router.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from tests.lab.debian import Unpacked
from tests.lab.frr import PROGRAMS, SYSTEM, Frr

USER: Final = "admin"
"""A user on each router, beside root: may use vtysh, and sudo where it is installed."""
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None)
_T = TypeVar("_T")

UNPACKED: Final = """
set -e
mount --make-rprivate /
if [ -n "$FRR_ROOT" ]; then mkdir "$DIR/unpacked"; mount --bind "$FRR_ROOT" "$DIR/unpacked"; fi
"""
"""An FRR that is not installed is bound to where every user of the router reaches it, however the cache is hidden."""
SETUP: Final = """
set -e
hostname "$NAME"
mount --bind "$DIR/etc" /etc/frr
for file in passwd group shadow; do mount --bind "$DIR/$file" /etc/$file; done
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /root
mount -t tmpfs tmpfs /home
mount -t tmpfs tmpfs /var/tmp
mount --bind "$DIR/lib" /var/lib
mkdir -p /run/sshd /run/frr /var/lib/frr
chown frr:frr /var/lib/frr
if [ -n "$FRR_ROOT" ]; then
    mount --bind "$DIR/programs" /usr/lib/frr
    mount --bind "$DIR/programs/vtysh" /usr/bin/vtysh
    mount --bind "$DIR/unpacked/usr/share/yang" /usr/share/yang
    mount --bind "$DIR/unpacked/usr/lib/$LIBRARIES/frr" "/usr/lib/$LIBRARIES/frr"
    # whom an account belongs to would be asked of modules that want this machine's libc
    printf '%s\tsufficient\tpam_permit.so\n' auth account > "$DIR/pam"
    mount --bind "$DIR/pam" /etc/pam.d/frr
fi
install -d -m 700 -o 10001 -g 10001 /home/admin
chown frr:frr /run/frr
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0 \
    net.ipv6.conf.default.accept_dad=0 || true
touch "$DIR/ready"
sleep infinity & wait
"""


class LabError(Exception):
    """The lab could not do what was asked."""


def missing() -> str:
    """Tell what this machine lacks to run the lab; empty if nothing."""
    if os.geteuid() != 0:
        return "root"
    wanted = {"vtysh": "frr", "unshare": "util-linux", "ip": "iproute2", "sshd": "openssh-server"}
    lacking = [package for program, package in wanted.items() if shutil.which(program) is None]
    if not (PROGRAMS / "bgpd").exists():
        lacking.append("frr")
    return ", ".join(sorted(set(lacking)))


def die_with_parent() -> None:
    """Run in the child before exec: the kernel ends it when its parent ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(what: str, probe: Callable[[], _T], seconds: float = 30.0, every: float = 0.1) -> _T:
    """Call `probe` until what it gives is true; LabError names `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > end:
            raise LabError(f"not within {seconds:g} s: {what}")
        time.sleep(every)


class Router:
    """One FRR router. `folder` holds its files: etc/ (as /etc/frr), log/, lib/ (as /var/lib)."""

    setup: ClassVar[str] = UNPACKED + SETUP
    """Runs first in the namespaces, and then holds them."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        keep: bool = False,
        frr: Frr = SYSTEM,
        daemons: tuple[str, ...] | None = None,
    ) -> None:
        """Make one. Without `daemons` it runs zebra, staticd, bgpd and bfdd; what those need is added."""
        self.name = name
        self.folder = folder
        self.frr = frr
        self.daemons = frr.daemons if daemons is None else frr.of(daemons)
        for part in ("etc", "log", "lib"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        shutil.chown(folder / "log", "frr", "frr")
        self._accounts()
        unpacked = frr.unpacked
        if unpacked is not None:
            self._programs(unpacked)
        (folder / "etc/vtysh.conf").write_text("service integrated-vtysh-config\n")
        self._write_startup("")
        self._holder = subprocess.Popen(
            ["unshare", "-m", "-n", "-u", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", self.setup],
            env={
                **os.environ,
                "NAME": name,
                "DIR": str(folder),
                "FRR_ROOT": str(unpacked.root) if unpacked else "",
                "LIBRARIES": unpacked.libraries.name if unpacked else "",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log/setup.err").open("wb"),
            preexec_fn=None if keep else die_with_parent,  # noqa: PLW1509
            start_new_session=keep,
        )
        try:
            wait_for(f"namespaces of {name}", lambda: self._ready() or self._holder.poll() is not None, every=0.01)
        except BaseException:
            self.stop()
            raise
        if not self._ready():
            raise LabError(f"{name}: {(folder / 'log/setup.err').read_text().strip()}")

    def _ready(self) -> bool:
        return (self.folder / "ready").exists()

    @property
    def pid(self) -> int:
        """The process that holds the namespaces, as the host numbers it."""
        parent = self._holder.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])

    @property
    def holder(self) -> int:
        """The process to end when everything of this router is to end."""
        return self._holder.pid

    def _programs(self, unpacked: Unpacked) -> None:
        """Write what stands in /usr/lib/frr of the router, and vtysh: programs that start those that were unpacked."""
        folder = self.folder / "programs"
        folder.mkdir()
        for file in (*(unpacked.root / f".{PROGRAMS}").iterdir(), unpacked.root / "usr/bin/vtysh"):
            target = folder / file.name
            with file.open("rb") as program:
                compiled = program.read(4) == b"\x7fELF"
            if compiled:
                target.write_text(unpacked.wrapper(f"/{file.relative_to(unpacked.root)}", self.folder / "unpacked"))
                target.chmod(0o755)
            else:
                shutil.copy2(file, target)

    def _accounts(self) -> None:
        extra = {
            "passwd": f"{USER}:x:10001:10001::/home/{USER}:/bin/sh\n",
            "shadow": f"{USER}:*:19000:0:99999:7:::\n",
            "group": f"{USER}:x:10001:\n",
        }
        for name, line in extra.items():
            text = Path("/etc", name).read_text()
            if name == "group":
                text = "".join(
                    f"{group}{'' if group.endswith(':') else ','}{USER}\n"
                    if group.startswith(("frrvty:", "sudo:"))
                    else f"{group}\n"
                    for group in text.splitlines()
                )
            target = self.folder / name
            target.write_text(text + line)
            target.chmod(0o640 if name == "shadow" else 0o644)

    def _write_startup(self, text: str) -> None:
        file = self.folder / "etc/frr.conf"
        file.write_text(text)
        shutil.chown(self.folder / "etc", "frr", "frr")
        shutil.chown(file, "frr", "frr")
        shutil.chown(self.folder / "etc/vtysh.conf", "frr", "frrvty")
        file.chmod(0o640)

    def inside(self, *args: str, network: bool = True) -> list[str]:
        """Give the command line that runs a program inside the router."""
        net = ["-n"] if network else []
        return ["nsenter", "-t", str(self.pid), "-m", "-u", "-p", *net, "--", *args]

    def run(
        self, *args: str, stdin: str | None = None, check: bool = True, seconds: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside; LabError if it fails and `check`."""
        done = subprocess.run(
            self.inside(*args),
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=seconds,
            check=False,
        )
        if check and done.returncode:
            raise LabError(f"{self.name}: {' '.join(args)}: {done.stdout}{done.stderr}")
        return done

    def start(self, config: str = "", *, options: dict[str, list[str]] | None = None) -> None:
        """Start FRR's daemons with this startup configuration."""
        self._write_startup(config)
        for daemon in self.daemons:
            self._start_daemon(daemon, (options or {}).get(daemon, []))
        self.run("vtysh", "-b", check=False)

    def _start_daemon(self, daemon: str, extra: list[str]) -> None:
        log = self.folder / "log" / daemon
        buffer = ["-s", "90000000"] if daemon == "zebra" else []
        with log.with_suffix(".out").open("wb") as out:
            done = subprocess.run(
                self.inside(str(PROGRAMS / daemon), "-d", "-u", "frr", "-g", "frr", *buffer, *extra),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=60,
                check=False,
            )
        if done.returncode:
            raise LabError(f"{self.name}: {daemon} does not start: {log.with_suffix('.out').read_text()}")

    def end_daemons(self) -> None:
        """End FRR's daemons one by one, by their pid files; the namespaces stay."""
        for daemon in reversed(self.daemons):
            self.run("sh", "-c", f"kill -9 $(cat /run/frr/{daemon}.pid)", check=False)
        self.run("sh", "-c", "rm -f /run/frr/*.pid /run/frr/*.vty /run/frr/zserv.api", check=False)

    def restart(self, config: str = "", *, options: dict[str, list[str]] | None = None) -> None:
        """Start FRR anew with another startup configuration."""
        self.end_daemons()
        self.start(config, options=options)

    def alive(self, daemon: str) -> bool:
        """Tell whether a daemon runs; one that has died, and is not yet buried, does not."""
        script = f"grep -q '^State:.[^Z]' /proc/$(cat /run/frr/{daemon}.pid)/status"
        return self.run("sh", "-c", script, check=False).returncode == 0

    def dead(self) -> list[str]:
        """Give the daemons that do not run any more."""
        return [daemon for daemon in self.daemons if not self.alive(daemon)]

    @contextlib.contextmanager
    def frozen(self, daemon: str) -> Iterator[None]:
        """Stop a daemon for the time of the block: what vtysh does meanwhile waits for its answer."""
        self.run("sh", "-c", f"kill -STOP $(cat /run/frr/{daemon}.pid)")
        try:
            yield
        finally:
            self.run("sh", "-c", f"kill -CONT $(cat /run/frr/{daemon}.pid)")

    def vtysh(self, *commands: str, check: bool = False) -> str:
        """Run commands in one vtysh; what it prints."""
        args = [word for command in commands for word in ("-c", command)]
        done = self.run("vtysh", *args, check=check)
        return done.stdout + done.stderr

    def running_config(self) -> str:
        """Give `show running-config`."""
        return self.run("vtysh", "-c", "show running-config").stdout

    def load(self, text: str) -> str:
        """Apply configuration lines with `vtysh -f`; what it prints."""
        file = self.folder / "lib/load.conf"
        file.write_text(text)
        done = self.run("vtysh", "-f", "/var/lib/load.conf", check=False)
        return done.stdout + done.stderr

    def apply(self, batches: Iterable[Iterable[str]]) -> str:
        """Apply the batches of a plan, each with a `vtysh -f` of its own; what they print."""
        return "".join(self.load("\n".join([*batch, "end", ""])) for batch in batches)

    def address(self, interface: str, *addresses: str) -> None:
        """Give an interface addresses, `A.B.C.D/M` or `X:X::X/M`, and set it up."""
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))
        self.run("ip", "link", "set", interface, "up")

    def bgp(self, *words: str) -> Any:
        """Give `show bgp … json`, read."""
        import json

        text = self.run("vtysh", "-c", " ".join(["show bgp", *words, "json"])).stdout
        return json.loads(text) if text.strip() else {}

    def established(self, *neighbors: str) -> bool:
        """Tell whether the sessions with these neighbors are up."""
        known = self.bgp("neighbors")
        return all(known.get(neighbor, {}).get("bgpState") == "Established" for neighbor in neighbors)

    def stop(self) -> None:
        """End everything of this router."""
        with contextlib.suppress(ProcessLookupError, IndexError, OSError):
            os.kill(self.pid, signal.SIGKILL)
        self._holder.kill()
        self._holder.wait()
