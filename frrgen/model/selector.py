"""Label selectors, as Kubernetes has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from frrgen.model.types import Model, PlacedError

Label = Annotated[str, Field(pattern=r"^[!-~]{1,317}$")]
"""The key of a label, `PREFIX/NAME`: printable, without blanks; Kubernetes asks for more."""
LabelValue = Annotated[str, Field(pattern=r"^[!-~]{0,63}$")]
"""The value of a label: printable, without blanks."""


class Requirement(Model):
    """A requirement of a label selector."""

    key: Label
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """What is asked of the label: its value is one of `values`, or none of them; or it is there, or is not."""
    values: tuple[LabelValue, ...] = ()
    """The values of In and NotIn."""

    @model_validator(mode="after")
    def _values(self) -> Self:
        if (self.operator in {"In", "NotIn"}) != bool(self.values):
            raise PlacedError("In and NotIn need values; Exists and DoesNotExist have none", "values")
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an object with these labels is selected."""
        if self.operator == "Exists":
            return self.key in labels
        if self.operator == "DoesNotExist":
            return self.key not in labels
        return (labels.get(self.key) in self.values) == (self.operator == "In")


class Selector(Model):
    """A label selector: an object is selected by all of it."""

    match_labels: dict[Label, LabelValue] = {}
    """Label -> the value that it must have."""
    match_expressions: tuple[Requirement, ...] = ()
    """What is asked of its labels."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an object with these labels is selected."""
        said = all(labels.get(key) == value for key, value in self.match_labels.items())
        return said and all(one.matches(labels) for one in self.match_expressions)

    def only(self, key: str) -> tuple[str, ...] | None:
        """Return the values of one label; None for a selector that asks for more than these values."""
        if set(self.match_labels) == {key} and not self.match_expressions:
            return (self.match_labels[key],)
        if not self.match_labels and len(self.match_expressions) == 1:
            (one,) = self.match_expressions
            return one.values if one.key == key and one.operator == "In" else None
        return None


def selected(selectors: Iterable[Selector], labels: Mapping[str, str]) -> bool:
    """Tell whether one of some selectors selects an object; without a selector everything is selected."""
    some = list(selectors)
    return not some or any(one.matches(labels) for one in some)
