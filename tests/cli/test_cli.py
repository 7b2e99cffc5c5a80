"""The command line as a user meets it: verbs, exit codes, what is printed where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.inventory.files import load

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"
KEYS = {"router", "changes", "sessions", "commands", "after", "leftovers", "summary"}
RUNNING = """\
frr version 8.4.4
router bgp 64512
 bgp router-id 192.168.1.2
 neighbor 203.0.113.1 remote-as 64497
exit
interface eth0
 ip address 192.0.2.1/24
exit
end
"""


def frrgen(capsys, *args):
    status = main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def running(tmp_path):
    path = tmp_path / "running.conf"
    path.write_text(RUNNING)
    return path


def test_the_example_is_sound(capsys):
    status, out, err = frrgen(capsys, "-i", EXAMPLE, "check")
    assert (status, err) == (0, "")
    assert out.endswith("\n2 routers checked: 0 errors, 0 warnings.\n")
    # the router of the example runs FRR 8.4, whose saved file a later FRR reads otherwise
    assert out.startswith("info[FRR245]: ")
    assert out.count("info[") == out.count("[FRR") == 1


def test_init_writes_a_network_that_checks_and_renders(capsys, tmp_path, monkeypatch):
    assert frrgen(capsys, "init", tmp_path / "net")[0] == 0
    monkeypatch.chdir(tmp_path / "net")
    assert frrgen(capsys, "check")[0] == 0
    status, out, _ = frrgen(capsys, "render", "edge1")
    assert status == 0
    assert "ip prefix-list MetalLB_k8s seq 5 permit 192.168.10.0/24 ge 24 le 32\n" in out
    assert "neighbor microk8s route-map MetalLB_k8s in\n" in out


def test_init_never_writes_over_anything(capsys, tmp_path):
    (tmp_path / "inventory").mkdir()
    status, _, err = frrgen(capsys, "init", tmp_path)
    assert status == 1
    assert "error[FRR130]" in err
    assert list((tmp_path / "inventory").iterdir()) == []


def test_render_explains_each_line_with_its_place_and_template(capsys, monkeypatch):
    monkeypatch.chdir(EXAMPLE.parent)
    _, out, _ = frrgen(capsys, "render", "edge1", "--explain")
    lines = {line.split("  # ")[0].strip(): line.split("  # ")[1] for line in out.splitlines()}
    assert lines["neighbor 203.0.113.1 description upstream"].startswith("inventory/routers/edge1.yaml:")
    assert (
        "cluster microk8s pool services" in lines["ip prefix-list MetalLB_k8s seq 5 permit 192.168.10.0/24 ge 24 le 32"]
    )
    network = (EXAMPLE / "network.yaml").read_text().split("\n")
    for line, key in (
        ("log syslog informational", "syslog: true"),
        ("bgp log-neighbor-changes", "log_neighbor_changes"),
    ):
        file, number = lines[line].split(",")[0].split(":")
        assert (file, key in network[int(number) - 1]) == ("inventory/network.yaml", True)
    assert lines["frr defaults traditional"] == "default, frr/frr.conf.j2"
    assert all(line.endswith("frr/frr.conf.j2") for line in lines.values())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("home",), "of home pfSense's package writes the frr.conf"),
        (("edge1", "home"), "of home pfSense's package writes the frr.conf"),
        (("edge1", "--out", "out"), "it goes without --out"),
    ],
)
def test_render_explains_only_what_frrgen_writes_itself(capsys, args, said):
    status, out, err = frrgen(capsys, "-i", EXAMPLE, "render", *args, "--explain")
    assert (status, out, said in err) == (1, "", True)


def test_render_writes_files_for_the_owner_only(capsys, tmp_path):
    status, out, _ = frrgen(capsys, "-i", EXAMPLE, "render", "edge1", "home", "--out", tmp_path / "out")
    assert status == 0
    assert len(out.splitlines()) == 2
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_templates_of_a_user_extend_ours(capsys, tmp_path):
    (tmp_path / "frr").mkdir()
    (tmp_path / "frr/frr.conf.j2").write_text("banner motd line {{ router.name }}\n{{ section('bgp') }}")
    _, out, _ = frrgen(capsys, "-i", EXAMPLE, "render", "edge1", "--templates", tmp_path)
    assert out.startswith("banner motd line edge1\nrouter bgp 64512\n")
    (tmp_path / "frr/frr.conf.j2").write_text("{{ nothing }}")
    status, _, err = frrgen(capsys, "-i", EXAMPLE, "render", "edge1", "--templates", tmp_path)
    assert status == 1
    assert "error[FRR401]" in err


def test_diff_says_what_differs_and_exits_2(capsys, running):
    status, out, err = frrgen(capsys, "-i", EXAMPLE, "diff", "edge1", "--running", running)
    assert (status, err) == (2, "")
    assert "    - neighbor 203.0.113.1 remote-as 64497\n    + neighbor 203.0.113.1 remote-as 64496\n" in out
    assert "session 203.0.113.1: reset (remote-as)\n" in out
    assert "interface eth0 / ip address 192.0.2.1/24" in out
    assert out.splitlines()[-1].startswith("Plan: ")
    assert out.splitlines()[-1].endswith("1 session will reset: 203.0.113.1 (remote-as).")


def test_diff_as_json_has_exactly_the_agreed_keys(capsys, running, tmp_path):
    plan = tmp_path / "plan.json"
    _, out, _ = frrgen(capsys, "-i", EXAMPLE, "diff", "edge1", "--running", running, "--format", "json", "-o", plan)
    found = json.loads(out)
    assert found == json.loads(plan.read_text())
    (found,) = found["routers"]
    assert found.keys() == KEYS | {"routes", "digest", "warnings"}
    assert {key for change in found["changes"] for key in change} == {"op", "path", "before", "after", "impact"}
    assert found["sessions"] == [{"neighbor": "203.0.113.1", "vrf": None, "impact": "reset", "because": "remote-as"}]
    _, commands, _ = frrgen(capsys, "-i", EXAMPLE, "diff", "edge1", "--running", running, "--format", "commands")
    assert commands.splitlines() == found["commands"]


def test_diff_against_what_is_intended_is_empty(capsys, tmp_path):
    _, text, _ = frrgen(capsys, "-i", EXAMPLE, "render", "edge1")
    (tmp_path / "same.conf").write_text(text)
    status, out, _ = frrgen(capsys, "-i", EXAMPLE, "diff", "edge1", "--running", tmp_path / "same.conf")
    # as `check` does: FRR 8.4 has saved a file that a later FRR reads otherwise
    warning, said = out.splitlines()
    assert warning.startswith("warning: FRR 9 and later skip the first entry of ")
    assert warning.endswith("frrgen upgrade-check edge1 --to 10.3")
    assert (status, said) == (0, "Plan: nothing to do on edge1.")


def test_plan_needs_no_inventory(capsys, tmp_path, running):
    (tmp_path / "new.conf").write_text(RUNNING.replace("64497", "64498"))
    status, out, _ = frrgen(capsys, "plan", running, tmp_path / "new.conf", "--format", "commands")
    assert status == 2
    assert out == "router bgp 64512\nneighbor 203.0.113.1 remote-as 64498\nexit\n"
    assert frrgen(capsys, "plan", running, running)[0] == 0


def test_an_imported_configuration_is_an_inventory_that_renders_the_same(capsys, tmp_path):
    _, text, _ = frrgen(capsys, "-i", EXAMPLE, "render", "edge1")
    source = tmp_path / "edge1.conf"
    source.write_text(text.replace("passive", "") + "interface eth0\n ip address 192.0.2.1/24\n")
    status, out, err = frrgen(capsys, "import", "frr", source, "-o", tmp_path / "net")
    assert status == 0
    assert "routers/edge1.yaml" in out
    assert "ip address 192.0.2.1/24" in err
    assert frrgen(capsys, "-i", tmp_path / "net", "diff", "edge1", "--running", source)[0] == 0


def test_an_imported_password_goes_to_a_file_of_its_own_and_never_to_the_screen(capsys, tmp_path):
    source = tmp_path / "r1.conf"
    source.write_text("router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n neighbor 192.0.2.1 password hunter2\n")
    _, out, err = frrgen(capsys, "import", "frr", source)
    assert "hunter2" not in out + err
    frrgen(capsys, "import", "frr", source, "-o", tmp_path / "net")
    secret = tmp_path / "net/secrets/r1-192.0.2.1"
    assert secret.read_text() == "hunter2\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in (tmp_path / "net/routers/r1.yaml").read_text()
    _, text, _ = frrgen(capsys, "-i", tmp_path / "net", "render", "r1")
    assert "hunter2" not in text
    assert frrgen(capsys, "-i", tmp_path / "net", "diff", "r1", "--running", source)[0] == 0


def test_a_secret_that_is_missing_names_the_reference(capsys, tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(
        "bgp: {asn: 65001, neighbors: {192.0.2.1: {remote_as: 65002, password: 'env:NO_SUCH'}}}\n"
    )
    status, _, err = frrgen(capsys, "-i", tmp_path, "render", "r1", "--out", tmp_path / "out")
    assert status == 1
    assert "error[FRR121]: the variable NO_SUCH is not set" in err
    assert not (tmp_path / "out").exists()


def test_unknown_routers_and_folders_are_named(capsys, tmp_path):
    status, _, err = frrgen(capsys, "-i", EXAMPLE, "render", "edge9")
    assert status == 1
    assert "there is no router 'edge9'" in err
    assert "there are: edge1, home" in err
    assert "error[FRR100]" in frrgen(capsys, "-i", tmp_path / "none", "check")[2]
    assert "error[FRR403]" in frrgen(capsys, "plan", tmp_path / "none", tmp_path / "none")[2]


def test_push_without_anybody_to_ask_needs_yes(capsys):
    status, _, err = frrgen(capsys, "-i", EXAMPLE, "push", "edge1")
    assert status == 1
    assert "there is no terminal to ask on" in err


def test_a_fault_of_ours_is_no_traceback(capsys, monkeypatch):
    monkeypatch.setattr("frrgen.cli.check.Inventory", lambda *_: 1 / 0)
    status, _, err = frrgen(capsys, "check")
    assert status == 1
    assert err.startswith("error[FRR199]: a fault of frrgen itself: ZeroDivisionError")


def test_help_lists_the_exit_codes_of_every_verb(capsys):
    for args in (["--help"], ["push", "--help"], ["diff", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(args)
        assert ended.value.code == 0
        assert "3  a push failed and was rolled back" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_failure():
    script = "import sys; from frrgen.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        f"{sys.executable} -c '{script}' schema | head -1", shell=True, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_the_schema_names_every_file_of_the_inventory(capsys):
    _, out, _ = frrgen(capsys, "schema")
    defs = json.loads(out)["$defs"]
    assert {"Router", "Cluster", "NetworkFile"} <= defs.keys()
    assert "name" not in defs["Router"]["properties"]


def test_the_example_holds_the_articles_network():
    network = load(EXAMPLE).network
    assert {name: router.bgp.asn for name, router in network.routers.items()} == {"edge1": 64512, "home": 64512}
    assert network.routers["home"].platform == "pfsense"
    assert set(network.clusters["microk8s"].routers) == {"home", "edge1"}


@pytest.mark.parametrize("args", [["frob"], ["check", "--frob"], [], ["speaker"], ["diff", "--format", "xml"]])
def test_wrong_arguments_are_an_error_and_not_a_difference(args, capsys):
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 1
    assert "error[FRR114]: " in capsys.readouterr().err


def test_what_is_intended_and_beyond_the_model_is_reported_and_not_passed_over(tmp_path, capsys):
    (tmp_path / "a.conf").write_text("router ospf\n network 10.0.0.0/8 area 0\n")
    (tmp_path / "b.conf").write_text("router ospf\n network 10.0.0.0/8 area 0\nexit\nrouter rip\n network eth0\n")
    assert main(["plan", str(tmp_path / "a.conf"), str(tmp_path / "b.conf")]) == 0
    err = capsys.readouterr().err
    assert "warning[FRR404]" in err
    assert "router rip / network eth0" in err
    assert "ospf" not in err


def test_bytes_of_a_router_reach_the_terminal_as_text_only(tmp_path, capsys):
    (tmp_path / "run.conf").write_bytes(b"log syslog\ndescription \x1b]0;owned\x07 \xc2\x9b" + b"x" * 5000 + b"\n")
    (tmp_path / "new.conf").write_text("router bgp 65001\n")
    main(["plan", str(tmp_path / "run.conf"), str(tmp_path / "new.conf")])
    main(["import", "frr", str(tmp_path / "run.conf")])
    shown = "".join(capsys.readouterr())
    assert "owned" in shown
    assert all(one.isprintable() or one == "\n" for one in shown)
    assert len(shown) < 3000


def test_a_template_may_extend_ours_under_its_own_name(capsys, tmp_path):
    (tmp_path / "frr").mkdir()
    (tmp_path / "frr/frr.conf.j2").write_text(
        '{% extends "frrgen/frr/frr.conf.j2" %}{% block tail %}! mine: {{ router.name }}\n{% endblock %}'
    )
    status, out, _ = frrgen(capsys, "-i", EXAMPLE, "render", "edge1", "--templates", tmp_path)
    assert status == 0
    assert "router bgp 64512" in out
    assert out.endswith("! mine: edge1\nend\n")


@pytest.mark.parametrize(
    "text",
    [
        '{% extends "frr/frr.conf.j2" %}',
        "{{ 1 // 0 }}",
        "{{ router.bgp.neighbors['x'].y }}",
        "{{ 1 + 'a' }}",
        "{% if %}",
    ],
)
def test_a_template_that_is_wrong_is_named(capsys, tmp_path, text):
    (tmp_path / "frr").mkdir()
    (tmp_path / "frr/frr.conf.j2").write_text(text)
    status, _, err = frrgen(capsys, "-i", EXAMPLE, "render", "edge1", "--templates", tmp_path)
    assert status == 1
    assert err.startswith("error[FRR401]: template frr/frr.conf.j2")


def test_a_folder_of_templates_that_is_not_there_is_an_error(capsys, tmp_path):
    status, _, err = frrgen(capsys, "-i", EXAMPLE, "render", "edge1", "--templates", tmp_path / "none")
    assert status == 1
    assert err.startswith("error[FRR401]")


def test_a_file_whose_name_breaks_the_line_is_named_on_one(capsys, tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/a\nb.yaml").write_text("bgp: {asn: 1}\n")
    status, out, err = frrgen(capsys, "-i", tmp_path, "check")
    assert status == 1
    assert "routers/a\\nb.yaml" in out + err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("explain edge1 203.0.113.1 in 10.0.0.0/8 --from-asn 1 --as-path 1", "not allowed with argument"),
        ("explain edge1 203.0.113.1 in 10.0.0.0/8 --from-asn -1", "error[FRR302]: --from-asn: '-1' is not"),
        ("explain edge1 203.0.113.1 in 10.0.0.0/8 --frr-version 7", "error[FRR306]: how FRR 7 judges is not known"),
        ("explain edge1 203.0.113.1 in 10.0.0.0/8 --frr-version 8.3", "error[FRR306]"),
        ("explain edge1 203.0.113.1 in 10.0.0.0/8 --frr-version 99.9", "error[FRR306]"),
        ("compare edge1:A edge1:B --frr-version 11", "error[FRR306]"),
        ("diff --parallel 0", "is no number of at least 1"),
        ("push --parallel -3", "is no number of at least 1"),
        ("verify --ssh-config F", "error[FRR114]: --ssh-config goes with --live"),
    ],
)
def test_what_would_be_ignored_is_refused(capsys, args, said):
    try:
        status = main(["-i", str(EXAMPLE), *args.split()])
    except SystemExit as end:
        status = end.code
    assert status == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("version", ["8.4", "8.4.4", "9.1", "10", "10.7.1"])
def test_versions_of_frr_that_are_known_are_taken(capsys, version):
    args = ("explain", "edge1", "203.0.113.1", "in", "10.0.0.0/8", "--frr-version", version)
    assert frrgen(capsys, "-i", EXAMPLE, *args)[0] == 0


def test_a_bare_number_is_the_limit_of_maximum_prefix(capsys, tmp_path):
    (tmp_path / "routers").mkdir()
    text = "bgp: {asn: 65001, ebgp_requires_policy: false, neighbors: {192.0.2.1: {remote_as: 65002, ipv4_unicast: "
    (tmp_path / "routers/r1.yaml").write_text(text + "{maximum_prefix: 300}}}}")
    status, out, _ = frrgen(capsys, "-i", tmp_path, "render", "r1")
    assert (status, "neighbor 192.0.2.1 maximum-prefix 300\n" in out) == (0, True)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.symlink_to("nowhere"), "a link to a missing file"),
        (os.mkfifo, "a pipe or a device"),
    ],
)
@pytest.mark.parametrize("name", ["network.yaml", "routers/edge1.yaml", "clusters/k.yaml"])
def test_a_name_in_the_inventory_that_is_not_a_regular_file_is_reported_as_what_it_is(
    capsys, tmp_path, make, what, name
):
    (tmp_path / "routers").mkdir()
    (tmp_path / "clusters").mkdir()
    make(tmp_path / name)
    status, _, err = frrgen(capsys, "-i", tmp_path, "check")
    assert status == 1
    assert f"error[FRR106]: {name} is {what}, not a file\n  --> {tmp_path}/{name}\n" in err


def test_check_as_json_has_each_finding_with_its_place_also_when_the_inventory_cannot_be_read(capsys, tmp_path):
    status, out, _ = frrgen(capsys, "-i", EXAMPLE, "check", "--format", "json")
    found = json.loads(out)
    assert (status, found["errors"], [one["router"] for one in found["routers"]]) == (0, 0, ["edge1", "home"])
    (tmp_path / "routers").mkdir()
    file = tmp_path / "routers/r1.yaml"
    for text, code, line in (("bgp: {asn: 1}\nfoo: 1\n", "FRR110", 2), ("bgp: [\n", "FRR102", 0)):
        file.write_text(text)
        status, out, err = frrgen(capsys, "-i", tmp_path, "check", "--format", "json")
        found = json.loads(out)
        findings = [*found["findings"], *(one for router in found["routers"] for one in router["findings"])]
        first = findings[0]
        assert (status, err, first["code"], first["file"]) == (1, "", code, str(file))
        assert found["errors"] == len(findings) == 1
        assert first.keys() == {"code", "severity", "message", "file", "line", "column", "path", "hint"}
        assert not line or first["line"] == line
