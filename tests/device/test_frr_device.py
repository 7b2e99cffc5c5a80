"""What a router that runs FRR answers, and what is made of it: by a login in memory."""

from __future__ import annotations

import re

import pytest

from frrgen.errors import DeviceError
from frrgen.model.router import Router
from frrgen.platforms.frr.device import FrrDevice, complaints
from frrgen.transport.ssh import Result

CONFIG = "Building configuration...\n\nCurrent configuration:\n!\nfrr version {}\nlog syslog\nend\n"


class FakeShell:
    """A login on a router of one version; `daemons` run there. It keeps the commands that it was given."""

    def __init__(self, version, daemons="zebra bgpd staticd", *, text=CONFIG, rpki=True):
        self.version = version
        self.daemons = daemons
        self.text = text
        self.rpki = rpki
        self.ssh = Router(name="r1").ssh
        self.asked = []

    def run(self, command, stdin="", *, seconds=None):
        self.asked.append(command)
        if " frrgen look " in command:
            mark = re.search(r"frrgen-[0-9a-f]{16}", command)[0]
            parts = [("pending", ""), ("sessions", "{}"), ("startup", "log syslog\n"), ("whole", ""), ("end", "")]
            rest = "".join(f"\n{mark} {name}\n{text}" for name, text in parts)
            return Result(0, f"{self.daemons}\n{self.text.format(self.version)}{rest}", "")
        if "show modules" in command:
            return Result(0 if self.rpki else 1, "", "")
        daemon = re.search(r"vtysh -d (\w+) -c 'show running-config'", command)
        return Result(0, f"! of {daemon[1]}\n", "")


def device(shell, **router):
    made = FrrDevice(Router.model_validate({"name": "r1", **router}))
    made.shell = shell
    return made


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ("8.4.4", ()),
        ("9.1.3", ()),
        ("10.0", ("mgmtd", "bgpd")),
        ("10.7.1", ("mgmtd", "bgpd")),
        ("11", ("mgmtd", "bgpd")),
    ],
)
def test_from_frr_10_on_each_daemon_that_keeps_lists_is_asked_for_its_own(version, asked):
    running = device(FakeShell(version)).fetch()
    assert running.frr_version == version
    assert running.per_daemon == {daemon: f"! of {daemon}\n" for daemon in asked}
    assert running.startup == "log syslog\n"


def test_a_configuration_that_names_no_version_is_that_of_no_version():
    running = device(FakeShell("", text=CONFIG.replace("frr version {}\n", ""))).fetch()
    assert (running.frr_version, running.per_daemon) == ("", {})


@pytest.mark.parametrize(
    ("router", "daemon"),
    [
        ({}, "zebra"),
        ({"bgp": {"asn": 65001}}, "bgpd"),
        ({"vrfs": {"red": {"bgp": {"asn": 65001}}}}, "bgpd"),
        ({"static_routes": [{"prefix": "192.0.2.0/24", "drop": "blackhole"}]}, "staticd"),
        ({"vrfs": {"red": {"static_routes": [{"prefix": "192.0.2.0/24", "drop": "blackhole"}]}}}, "staticd"),
        ({"bfd_profiles": {"P": {}}}, "bfdd"),
    ],
)
def test_a_daemon_that_the_router_needs_and_that_does_not_run_is_named(router, daemon):
    every = ["zebra", "bgpd", "staticd", "bfdd"]
    assert device(FakeShell("8.4.4", " ".join(every)), **router).fetch()
    others = " ".join(one for one in every if one != daemon)
    with pytest.raises(DeviceError, match=f"r1: {daemon} is not running") as caught:
        device(FakeShell("8.4.4", others), **router).fetch()
    assert caught.value.findings[0].code == "FRR511"


def test_a_router_with_rpki_needs_the_module_of_bgpd():
    rpki = {"rpki": {"caches": [{"host": "192.0.2.9", "port": 323, "preference": 1}]}}
    assert device(FakeShell("8.4.4"), **rpki).fetch()
    with pytest.raises(DeviceError, match="without its RPKI module"):
        device(FakeShell("8.4.4", rpki=False), **rpki).fetch()
    assert device(FakeShell("8.4.4", rpki=False)).fetch()


@pytest.mark.parametrize("text", ["", "Building configuration...\n!\nfrr version {}\nlog sys", "% Unknown command\n"])
def test_a_configuration_that_is_cut_off_is_an_error(text):
    with pytest.raises(DeviceError, match="cannot show its configuration"):
        device(FakeShell("8.4.4", text=text)).fetch()


COMPLAINTS = [
    "% Unknown command: frobnicate",
    "line 3: Unknown command[4]: frobnicate",
    "% Configuration failed.",
    "% Ambiguous command.",
    "% Command incomplete.",
    "line 4: Failure to communicate[13] to bgpd, line: no neighbor 192.0.2.1 addpath-tx-all-paths",
    "[356|bgpd] Configuration file[/etc/frr/frr.conf] processing failure: 13",
    "Internal CLI error [rd_str]",
    "error reading from daemon",
    "can't compile regexp a(",
    "The as-path list cannot be compiled",
    "BGP is already running; AS is 65001: not allowed",
    "Invalid prefix",
    "  % Malformed address",
    "Can't open configuration file",
    "early exit from config file",
]
NOTES = [
    "",
    "[129|zebra] sending configuration",
    "[129|zebra] done",
    "Waiting for children to finish applying config...",
    "% Configuration applied with notes:",
    "Waiting for the bgp peer to come down: failed",
    "% Prefix-list P does not exist",
    "% Can't find route-map M: it does not exist.",
    "% Echo mode works correctly only with BFD",
]


@pytest.mark.parametrize("line", COMPLAINTS)
def test_what_vtysh_says_went_wrong_is_a_complaint(line):
    assert complaints(f"[1|zebra] done\n{line}\n") == [line.strip()]


@pytest.mark.parametrize("line", NOTES)
def test_what_vtysh_merely_notes_is_no_complaint(line):
    assert complaints(f"{line}\n") == []
    assert complaints(f"{line}\n% Unknown command: x\n") == ["% Unknown command: x"]
