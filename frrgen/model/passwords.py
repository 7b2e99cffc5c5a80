"""Passwords that stand in the inventory itself, and so in git."""

from collections.abc import Iterator

from pydantic import SecretStr

from frrgen.codes import Code
from frrgen.errors import Finding, Path
from frrgen.model.types import is_reference


def plain_password(owner: str, secret: SecretStr | None, place: Path) -> Iterator[Finding]:
    """Find a password that is no reference to another place."""
    if secret is not None and not is_reference(secret.get_secret_value()):
        yield Finding.at(
            Code.FRR233,
            f"the password of {owner} stands in the inventory",
            place,
            "keep it elsewhere and write env:NAME or file:PATH",
        )
