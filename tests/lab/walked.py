"""What a random walk on a real FRR draws: all of the model but few fields."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

NOT_YET: Final = {
    "StaticRoute.label": "the kernel of the lab has no MPLS: FRR refuses the route",
    "Bgp.default_families": "neighbors then show families that the model lacks: what is left over",
}
"""Fields that tests/strategies.py draws and a walk on FRR does not, and why."""


def walked(value: Any) -> Any:
    """Return a model without the fields that no walk draws."""
    if isinstance(value, BaseModel):
        kind = type(value)
        kept = [name for name in value.model_fields_set if f"{kind.__name__}.{name}" not in NOT_YET]
        return kind.model_validate({name: walked(getattr(value, name)) for name in kept})
    if isinstance(value, dict):
        return {key: walked(one) for key, one in value.items()}
    if isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        return tuple(walked(one) for one in value)
    return value
