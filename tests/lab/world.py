"""A router with some BGP daemon, and a cluster's node with our speaker, on one link."""

from __future__ import annotations

import signal
from typing import Any, Self

from tests.lab.network import Lab
from tests.lab.peers import Daemon, Frr
from tests.lab.router import wait_for
from tests.lab.speaking import Speaking, inventory, rendered

POOLS = "10.1.0.0/16, 10.2.0.0/16, '2001:db8:1::/48'"


class World:
    """Both, running. `more` is what the inventory says beyond the usual."""

    def __init__(
        self,
        lab: Lab,
        daemon: type[Daemon],
        *options: str,
        password: str | None = None,
        node_asn: int = 65002,
        speak: bool = True,
        **more: Any,
    ) -> None:
        self.lab = lab
        self.edge, self.node = lab.router("edge"), lab.router("node", daemons=())
        lab.link(self.edge, self.node, "10.0.0.1/24", "10.0.0.2/24", ("2001:db8::1/64", "2001:db8::2/64"))
        if password:
            more["more"] = more.get("more", "") + "\npassword: env:SECRET"
        self.said = {"pools": POOLS, "hold": daemon.hold, **more}
        net = inventory(lab.folder / "net", asn=node_asn, frr_version=lab.frr.version, **self.said)
        if daemon is Frr:
            Frr.config = rendered(net).replace("<hidden>", password or "")
        self.daemon = daemon(self.edge, node_asn=node_asn, password=password)
        self.secret = {"SECRET": password} if password else None
        self.speaker: Any = Speaking(self.node, net, *options, environ=self.secret) if speak else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.speaker is not None:
            self.speaker.__exit__()
        self.daemon.stop()

    def speak(self, *options: str, asn: int = 65002, secret: str | None = None, **more: str) -> Speaking:
        """Begin to speak; what the inventory says may be something else than what the daemon was told."""
        net = inventory(self.lab.folder / "net", asn=asn, frr_version=self.lab.frr.version, **{**self.said, **more})
        environ = {"SECRET": secret} if secret else self.secret
        self.speaker = Speaking(self.node, net, "--drain", "0", *options, environ=environ)
        return self.speaker

    def hush(self) -> None:
        """End the speaker in order, so that the router keeps nothing of it."""
        self.speaker.signal(signal.SIGCONT)
        self.speaker.signal(signal.SIGTERM)
        self.speaker.process.wait(60)

    def sees(self, *prefixes: str, seconds: float = 20) -> dict[str, dict[str, Any]]:
        """Wait until the daemon has these routes and no others."""
        found: dict[str, dict[str, Any]] = {}

        def there() -> bool:
            nonlocal found
            found = self.daemon.routes()
            return found.keys() == set(prefixes)

        wait_for(f"{prefixes} at {type(self.daemon).__name__}", there, seconds)
        return found

    def session(self) -> dict[str, Any]:
        """Give the status of the session."""
        status = wait_for("the speaker's status", self.speaker.status, 20)
        return status["sessions"][0]  # type: ignore[no-any-return]
