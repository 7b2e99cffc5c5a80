"""Passwords that manifests hold, or that are in Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from frrgen.codes import Code
from frrgen.errors import Finding, Where
from frrgen.metallb.parts import router_name


@dataclass
class Passwords:
    """The passwords of the Secrets by name, and which are missing."""

    secrets: Mapping[str, str]
    doubts: list[Finding] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """The routers whose sessions have a password that no file holds."""

    def of(self, password: str | None, secret: str | None, router: str, where: Where) -> SecretStr | None:
        """Return the password of the sessions with a router; None if there is none, or if its Secret is missing."""
        if password:
            return SecretStr(password)
        if secret is None:
            return None
        if secret not in self.secrets:
            hint = f"add what `kubectl get secret {secret} -o yaml` prints to the files"
            text = f"the password of the sessions with {router} is in the Secret {secret}, which is not in the files"
            self.doubts.append(Finding(Code.FRR624, text, where, hint))
            self.unknown.add(router_name(router))
            return None
        return SecretStr(self.secrets[secret])
