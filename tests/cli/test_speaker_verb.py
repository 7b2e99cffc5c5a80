"""`frrgen speaker` as a user meets it: what would be announced and why, and a clear error for whatever is wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from frrgen.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"


@pytest.fixture
def network(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "net")
    return tmp_path / "net"


def speaker(capsys, network, *args):
    status = main(["-i", str(network), "speaker", *map(str, args)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


def source(tmp_path, text):
    file = tmp_path / "source.yaml"
    file.write_text(text)
    return f"static:{file}"


def test_the_plan_says_what_goes_to_whom_and_which_line_of_which_file_decides(capsys, network, tmp_path):
    said = source(tmp_path, "announcements:\n  - {prefixes: [192.168.10.1/32, 192.168.99.0/24]}\n")
    status, out, _ = speaker(capsys, network, "plan", "--node", "microk8s-1", "--source", said)
    assert status == 0
    assert out.count("microk8s/microk8s-1 (AS 64512) to") == 2
    assert "permit    192.168.10.1/32   next hop self, local preference 100" in out
    assert "deny      192.168.99.0/24" in out
    place = re.search(r"MetalLB_k8s seq 10: .*no entry matches, so it denies \((.*):(\d+):\d+\)", out)
    assert Path(place[1]).read_text().splitlines()[int(place[2]) - 1].strip() == "prefixes: [192.168.10.0/24]", (
        "the pool it is derived from"
    )


def test_a_list_that_is_written_by_hand_is_named_by_its_own_line(capsys, network, tmp_path):
    path = network / "routers/edge1.yaml"
    text = path.read_text().replace(
        "prefix_lists:\n", "prefix_lists:\n  MetalLB_k8s:\n    - deny 192.168.10.64/26 le 32\n"
    )
    path.write_text(text)
    said = source(tmp_path, "announcements:\n  - {prefix: 192.168.10.65/32}\n")
    status, out, _ = speaker(capsys, network, "plan", "--source", said, "--format", "json")
    assert status == 0
    sessions = {one["router"]: one["prefixes"][0] for one in json.loads(out)["sessions"]}
    assert (sessions["edge1"]["verdict"], sessions["home"]["verdict"]) == ("deny", "permit")
    where = re.search(r"\((\S+):(\d+):\d+\)", sessions["edge1"]["why"][0])
    assert text.splitlines()[int(where[2]) - 1].strip() == "- deny 192.168.10.64/26 le 32"
    assert where[1].endswith("edge1.yaml")


def test_without_a_source_the_edges_of_the_pools_are_planned(capsys, network):
    status, out, _ = speaker(capsys, network, "plan")
    assert status == 0
    assert out.count("permit    192.168.10.0/24") == out.count("permit    192.168.10.0/32") == 2


def test_what_is_beyond_the_routers_maximum_is_planned_as_held_back(capsys, network, tmp_path):
    path = network / "clusters/microk8s.yaml"
    path.write_text(path.read_text().replace("address: 192.168.1.2", "address: 192.168.1.2\n    maximum_prefix: 1"))
    said = source(tmp_path, "announcements:\n  - {prefixes: [192.168.10.1/32, 192.168.10.2/32]}\n")
    _, out, _ = speaker(capsys, network, "plan", "--source", said)
    assert out.count("deny ") == 1
    assert "maximum-prefix 1 of the router is reached" in out


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["plan", "--node", "nobody"], "FRR602"),
        (["plan", "--source", "ftp:x"], "FRR607"),
        (["plan", "--source", "static:/no/such/file"], "FRR403"),
        (["run", "--source", "static:/no/such/file"], "FRR403"),
        (["run"], "FRR114"),
        (["run", "--source", "kubernetes:other"], "FRR607"),
        (["run", "--source", "kubernetes:observe", "--drain-on", "rain"], "FRR114"),
        (["run", "--source", "static:x", "--metrics", "nowhere"], "FRR114"),
        (["run", "--source", "static:x", "--metrics", "127.0.0.1:99999"], "FRR114"),
        (["plan", "--services", "/no/such/file"], "FRR612"),
        (["status", "--admin", "/no/such/socket"], "FRR606"),
    ],
)
def test_what_is_wrong_is_reported_with_its_code(capsys, network, args, code):
    status, out, err = speaker(capsys, network, *args)
    assert (status, out) == (1, "")
    assert code in err


@pytest.mark.parametrize(
    "text", ["announcements: [", "announcements: {}", "- 1", "\x00", "announcements: [{prefix: 10.0.0.1/8}]"]
)
def test_a_source_that_is_wrong_is_refused_with_its_place(capsys, network, tmp_path, text):
    status, _, err = speaker(capsys, network, "plan", "--source", source(tmp_path, text))
    assert status == 1
    assert "source.yaml" in err


def test_a_drain_time_that_is_no_time_is_refused(capsys, network):
    for text in ("soon", "-1", "nan", "inf"):
        with pytest.raises(SystemExit):
            main(["-i", str(network), "speaker", "run", "--drain", text])
        err = capsys.readouterr().err
        assert f"{text!r} is no time from 0 to 3600 seconds" in err
        assert "Traceback" not in err


def test_only_the_secrets_of_this_nodes_sessions_are_asked_for(tmp_path, capsys, monkeypatch):
    """Not those of another cluster on the same router, nor the one of the router's own login."""
    net = tmp_path / "net"
    (net / "routers").mkdir(parents=True)
    (net / "clusters").mkdir()
    (net / "network.yaml").write_text("")
    (net / "routers/r1.yaml").write_text(
        "ssh: {host: 10.0.0.1, user: root, password: env:LOGIN_PW}\nbgp: {asn: 65001}\n"
    )
    for number, name in enumerate("ab", 1):
        (net / f"clusters/{name}.yaml").write_text(
            f"asn: 6501{number}\npassword: env:{name.upper()}_PW\n"
            f"nodes: {{n{number}: {{addresses: [10.0.0.{10 + number}]}}}}\n"
            f"pools: {{p: {{prefixes: [10.{number}.0.0/24]}}}}\nrouters: {{r1: {{address: 10.0.0.1}}}}\n"
        )
    for name in ("A_PW", "LOGIN_PW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("B_PW", "secret")
    # it gets as far as to its source
    run = ("run", "--node", "b/n2", "--source", "static:/no/such/file", "--admin", str(tmp_path / "admin"))
    status, _, err = speaker(capsys, net, *run)
    assert (status, "FRR121" in err, "FRR403" in err) == (1, False, True), err
    monkeypatch.delenv("B_PW")
    status, _, err = speaker(capsys, net, *run)
    assert status == 1
    assert "the variable B_PW is not set" in err
    assert "A_PW" not in err
    assert "LOGIN_PW" not in err
