"""Every option stands in exactly one set that says what it has to do with routes."""

from __future__ import annotations

import pytest

from frrgen.model.bgp import Bgp
from frrgen.model.instance_family import AddressFamily
from frrgen.model.neighbor import Neighbor, NeighborFamily
from frrgen.policy.frr import options

SETS = {
    Bgp: ("INSTANCE_DECIDING", "INSTANCE_NEITHER", "INSTANCE_UNDECIDED"),
    Neighbor: ("NEIGHBOR_DECIDING", "NEIGHBOR_IDENTITY", "NEIGHBOR_NEITHER", "NEIGHBOR_UNDECIDED"),
    AddressFamily: ("ADDRESS_FAMILY_DECIDING", "ADDRESS_FAMILY_NEITHER", "ADDRESS_FAMILY_UNDECIDED"),
    NeighborFamily: ("FAMILY_DECIDING", "FAMILY_SHAPING", "FAMILY_NEITHER", "FAMILY_UNDECIDED"),
}


@pytest.mark.parametrize("model", SETS, ids=lambda model: model.__name__)
def test_the_sets_part_the_fields_of_the_model(model):
    named = sorted(name for one in SETS[model] for name in getattr(options, one))
    assert named == sorted(model.model_fields)
