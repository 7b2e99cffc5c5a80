"""A fleet that is checked in parts has the findings of a fleet that is checked as a whole."""

from __future__ import annotations

import json
import os
import random

import pytest

import bench.scale
from frrgen.cli import fleet, main, render
from frrgen.errors import InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import names

MAPS = "route_maps: {M: [{action: permit}, {action: permit, match: {ip_address_prefix_list: L}}]}\n"
LISTS = "prefix_lists: {L: [permit 10.0.0.0/8 le 24, permit 10.1.0.0/16]}\n"


def router(dice, number, size):
    """Return the text of a router, with something doubtful about it or nothing."""
    text = "groups: [edge]\n" * (dice.random() < 0.5) + "frr_version: 8.4\n" + LISTS
    text += MAPS if dice.random() < 0.5 else ""
    other = dice.randrange(size)
    client = dice.choice(["", ", ipv4_unicast: {route_reflector_client: true}"])
    return (
        f"{text}bgp:\n  asn: 64500\n  router_id: 10.0.0.{number}\n  neighbors:\n"
        f"    10.0.0.{other}: {{remote_as: internal{client}}}\n    172.20.0.2: {{remote_as: 65001}}\n"
    )


def cluster(dice, number, size):
    on = dice.sample(range(size + 1), dice.randrange(4))
    routers = ", ".join(f"r{one}: {{address: 10.7.{number}.{100 + one}}}" for one in on)
    return (
        f"asn: 64512\nnodes: {{n1: {{addresses: [10.7.{number}.1]}}}}\n"
        f"pools: {{services: {{prefixes: [192.168.{dice.randrange(3)}.0/24]}}}}\nrouters: {{{routers}}}\n"
    )


MISTAKES = {
    "none": {},
    "a router with an unknown key": {"routers/r3.yaml": "frr_version: 8.4\nbpg: {asn: 64500}\n"},
    "a router that is no YAML": {"routers/r3.yaml": "bgp: ["},
    "a router of an unknown group": {"routers/r3.yaml": "groups: [nowhere]\nfrr_version: 8.4\n"},
    "a cluster with an unknown key": {
        "clusters/k1.yaml": "asn: 64512\nnodse: {}\nrouters: {r1: {address: 10.7.0.1}}\n"
    },
    "strange files": {"routers/r3.txt": "", "clusters/notes.txt": "", "strange": ""},
    "a router that is in two files": {"routers/r3.yml": "frr_version: 8.4\n"},
    "a wrong network.yaml": {"network.yaml": "defaults: []\n"},
}


@pytest.fixture
def write(tmp_path):
    def written(seed, mistake="none", size=9):
        dice = random.Random(seed)
        for kind in ("routers", "clusters"):
            (tmp_path / kind).mkdir()
        (tmp_path / "network.yaml").write_text("groups:\n  edge:\n    bgp: {log_neighbor_changes: true}\n")
        for number in range(size):
            (tmp_path / f"routers/r{number}.yaml").write_text(router(dice, number, size))
        for number in range(4):
            (tmp_path / f"clusters/k{number}.yaml").write_text(cluster(dice, number, size))
        for name, text in MISTAKES[mistake].items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return written


def ended(*_, **__):
    os._exit(9)


def whole(folder):
    try:
        inventory = Inventory(folder)
    except InputError as bad:
        return bad.findings
    return (*inventory.findings, *inventory.audited())


@pytest.mark.parametrize("seed", range(12))
def test_the_findings_of_the_parts_are_the_findings_of_the_whole(write, monkeypatch, seed):
    folder = write(seed)
    monkeypatch.setattr(fleet, "PART", 1 + seed % 3)
    found = fleet.check_fleet(folder, names(folder), jobs=1)
    assert found
    assert len(set(found)) == len(found)
    assert set(found) == set(whole(folder))


@pytest.mark.parametrize("mistake", list(MISTAKES)[1:])
def test_every_mistake_of_a_fleet_is_found_once_whatever_part_it_is_in(write, monkeypatch, mistake):
    folder = write(1, mistake)
    monkeypatch.setattr(fleet, "PART", 2)
    found = fleet.check_fleet(folder, names(folder), jobs=1)
    assert len(set(found)) == len(found)
    assert set(found) >= set(whole(folder))


def test_two_processes_find_what_a_single_process_finds(write, monkeypatch):
    folder = write(2)
    monkeypatch.setattr(fleet, "PART", 2)
    every = names(folder)
    assert fleet.check_fleet(folder, every, jobs=2) == fleet.check_fleet(folder, every, jobs=1)


def test_a_process_that_is_ended_is_an_error_and_not_a_clean_fleet(write, monkeypatch):
    folder = write(2)
    monkeypatch.setattr(fleet, "PART", 2)
    monkeypatch.setattr(fleet, "check_part", ended)
    with pytest.raises(InputError, match="FRR198"):
        fleet.check_fleet(folder, names(folder), jobs=2)


def test_a_fleet_is_checked_by_the_verb(write, capsys):
    folder = write(3, size=fleet.PART + 2)
    status = main(["-i", str(folder), "check", "--jobs", "2", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert len(found["routers"]) == fleet.PART + 2
    assert status == (1 if found["errors"] else 0)
    findings = [*found["findings"], *(one for router in found["routers"] for one in router["findings"])]
    assert len(findings) == len(set(whole(folder)))


@pytest.mark.parametrize("into_files", [False, True])
def test_a_fleet_is_rendered_in_parts_as_it_is_as_a_whole(tmp_path, capsys, monkeypatch, into_files):
    bench.scale.fleet(tmp_path / "inventory", 5)

    def rendered(out):
        status = main(["-i", str(tmp_path / "inventory"), "render", *(["--out", str(out)] if into_files else [])])
        texts = {file.name: file.read_text() for file in out.iterdir()} if into_files else capsys.readouterr().out
        return status, texts

    whole = rendered(tmp_path / "whole")
    assert whole[0] == 0
    assert len(whole[1]) >= 5
    monkeypatch.setattr(fleet, "PART", 2)
    # what has no error is not read a second time as a whole
    monkeypatch.setattr(render, "readable", None)
    assert rendered(tmp_path / "parts") == whole


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_fleet_with_mistakes_is_rendered_as_it_is_as_a_whole(write, capsys, monkeypatch, mistake):
    folder = write(1, mistake)
    whole = (main(["-i", str(folder), "render"]), *capsys.readouterr())
    monkeypatch.setattr(fleet, "PART", 2)
    assert (main(["-i", str(folder), "render"]), *capsys.readouterr()) == whole
