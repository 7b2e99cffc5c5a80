"""The stand-in box: a router of the lab with a root file system of its own, in which pfSense's paths are.

What is below `root/` is copied into it. `fault` makes the box fail in one way.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.lab.frr import SYSTEM, Frr
from tests.lab.router import SETUP, UNPACKED, LabError, Router, wait_for

ROOT: Final = Path(__file__).parent / "root"
ADMIN: Final = "admin"
"""uid 0, with pfSense's menu as login shell."""
OPERATOR: Final = "operator"
"""No root: tcsh, and sudo without a password."""
PASSWORD: Final = "lab-secret"
"""Of root, where a test wants key and password."""
_NEW_ROOT: Final = """
set -e
new="$DIR/root"
mkdir -p "$new"
mount -t tmpfs -o size=256m tmpfs "$new"
cp -a /etc "$new/etc"
cp -a "$DIR/files/etc/." "$new/etc/"
install -m 440 "$DIR/sudoers" "$new/etc/sudoers"
for link in bin sbin lib lib32 lib64 libx32; do [ -L "/$link" ] && cp -a "/$link" "$new/"; done
cd "$new"
mkdir -p usr dev proc sys tmp run root home old cf/conf conf etc/rc.conf.d
mkdir -p var/etc/frr var/db/faults var/lib var/log var/tmp var/run
chmod 1777 tmp var/tmp
mount --rbind /usr usr
mount --rbind /dev dev
mount --rbind /sys sys
mount -t proc proc proc
mount --bind "$DIR/files/usr/local" usr/local
mkdir -p ".$DIR"
mount --bind "$DIR" ".$DIR"
if [ -n "$FRR_ROOT" ]; then mount --bind "$DIR/unpacked" ".$DIR/unpacked"; fi
mount --bind "$DIR/etc" var/etc/frr
mount -t tmpfs -o size=64m tmpfs cf/conf
mkdir cf/conf/backup
rmdir conf && ln -s /cf/conf conf
rmdir var/run && ln -s /run var/run
pivot_root . old
umount -l /old
rmdir /old
"""


def lacking() -> str:
    """Tell what this machine lacks to run the box; empty if nothing."""
    wanted = {"php": "php-cli php-xml", "tcsh": "tcsh", "sudo": "sudo"}
    missing = [package for program, package in wanted.items() if shutil.which(program) is None]
    if not Path("/usr/lib/frr/frr-reload.py").exists():
        missing.append("frr-pythontools")
    return ", ".join(missing)


class Pfsense(Router):
    """One box. `version` is pfSense's, `package` that of its FRR package."""

    setup: ClassVar[str] = UNPACKED + _NEW_ROOT + SETUP

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        keep: bool = False,
        frr: Frr = SYSTEM,
        version: str = "2.8.1-RELEASE",
        package: str = "2.1.2_1",
    ) -> None:
        if missing := lacking():
            raise LabError(f"the stand-in for pfSense needs {missing}")
        shutil.copytree(ROOT, folder / "files")
        (folder / "files/etc/version").write_text(version + "\n")
        super().__init__(name, folder, keep=keep, frr=frr)
        self.run("sh", "-c", f"echo {package} > /var/db/pkg-frr")

    def _accounts(self) -> None:
        sealed = subprocess.run(
            ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name, more in (
            ("passwd", f"{ADMIN}:x:0:0::/root:/etc/rc.initial\n{OPERATOR}:x:10002:10002::/home:/bin/tcsh\n"),
            ("shadow", f"{ADMIN}:{sealed}:19000:0:99999:7:::\n{OPERATOR}:*:19000:0:99999:7:::\n"),
            ("group", f"{OPERATOR}:x:10002:\n"),
        ):
            lines = [line for line in Path("/etc", name).read_text().splitlines() if not line.startswith("operator:")]
            if name == "passwd":
                lines = ["root:x:0:0:root:/root:/bin/sh" if line.startswith("root:") else line for line in lines]
            if name == "shadow":
                lines = [f"root:{sealed}:19000:0:99999:7:::" if line.startswith("root:") else line for line in lines]
            target = self.folder / name
            target.write_text("\n".join(lines) + "\n" + more)
            target.chmod(0o640 if name == "shadow" else 0o644)
        (self.folder / "sudoers").write_text(f"root ALL=(ALL) ALL\n{OPERATOR} ALL=(ALL) NOPASSWD: ALL\n")

    def start(self, config: str = "", *, options: dict[str, list[str]] | None = None) -> None:
        """Put config.xml there, and have the package start what it says."""
        del options
        self.write(config)
        self.generate()
        if self.php("echo empty(frr_single('frr')['enable']) ? 'off' : 'on';") == "on":
            self.settled()

    def write(self, config: str) -> None:
        """Replace config.xml, as nothing but a test may."""
        self.run("sh", "-c", "cat > /cf/conf/config.xml; rm -f /tmp/config.cache", stdin=config)

    def php(self, code: str) -> str:
        """Run PHP with the package loaded; what it prints."""
        return self.run("/usr/local/bin/php", stdin=f"<?php\nrequire_once('/usr/local/pkg/frr.inc');\n{code}\n").stdout

    def generate(self) -> None:
        """Do what every page of the package does after saving."""
        self.php("frr_generate_config();")

    def settled(self, seconds: float = 60) -> None:
        """Wait until the daemons run and nothing is reloading."""
        script = "! pgrep -f 'frr-reloa[d]|frr[.]s[h]' && vtysh -c 'show running-config'"
        wait_for(f"{self.name} settles", lambda: not self.run("sh", "-c", script, check=False).returncode, seconds)

    def save(self, section: str, configs: list[dict[str, Any]], *, generate: bool = True) -> None:
        """Save a section, as somebody at the GUI does."""
        data = json.dumps(json.dumps(configs)).replace("$", "\\$")
        self.php(
            f"config_set_path('installedpackages/{section}', array('config' => json_decode({data}, true)));"
            f"write_config('saved in the GUI');{'frr_generate_config();' if generate else ''}"
        )

    def sections(self) -> dict[str, Any]:
        """Give the package's sections as they are in config.xml now."""
        code = "read_config_file(false); echo json_encode($config['installedpackages']);"
        found: dict[str, Any] = json.loads(self.php(code))
        return {
            name: value["config"]
            for name, value in found.items()
            if name.startswith("frr") and isinstance(value, dict) and "config" in value
        }

    def fault(self, name: str, *, times: int = 1000) -> None:
        """Make the box fail in one way, so many times."""
        self.run("sh", "-c", f"echo {times} > /var/db/faults/{name}")

    def heal(self) -> None:
        """End all faults."""
        self.run(
            "sh",
            "-c",
            "rm -rf /var/db/faults/* /var/db/frrgen/armed /usr/local/etc/rc.d/frrgen.sh /cf/conf/filler; "
            "mount -o remount,rw /cf/conf",
        )

    def reboot(self) -> None:
        """End all that runs but the network, and start what pfSense starts; sshd is not among it."""
        self.run("sh", "-c", "kill -9 $(pgrep -f '[t]imer.sh'); pkill -9 -x php; pkill -9 -x sshd", check=False)
        self.run("/usr/local/etc/rc.d/frr.sh", "stop")
        # what is below /tmp and /var/run is not there any more
        self.run("sh", "-c", "rm -f /tmp/*.lock /tmp/config.cache /var/run/frrgen*")
        each = 'for each in /usr/local/etc/rc.d/*.sh; do [ ! -x "$each" ] || "$each" start; done'
        self.run("sh", "-c", f"({each}) >/dev/null 2>&1 </dev/null", check=False)

    @property
    def config(self) -> str:
        """config.xml as it is now."""
        return self.run("cat", "/cf/conf/config.xml").stdout

    @property
    def frr_conf(self) -> str:
        """What the package made of it."""
        return self.run("cat", "/var/etc/frr/frr.conf").stdout
