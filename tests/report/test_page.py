"""The page that `frrgen report` writes, as text."""

from __future__ import annotations

import json
import re
import stat
from base64 import b64encode
from hashlib import sha256

import pytest
from lxml import html

from frrgen.cli import main
from frrgen.report.page import as_json
from tests.cli.test_cli import EXAMPLE, RUNNING
from tests.report.networks import HOSTILE, SECRET, hostile


def written(capsys, folder, *args):
    """Write the page; give the exit code, the page, its data, and what was said."""
    status = main(["-i", str(folder), "report", "-o", "-", *map(str, args)])
    out, err = capsys.readouterr()
    return status, out, json.loads(html.fromstring(out).get_element_by_id("data").text), err


def test_the_page_is_one_file_that_loads_no_other(capsys):
    _, page, _, _ = written(capsys, EXAMPLE)
    assert page.startswith("<!doctype html>")
    root = html.fromstring(page)
    for one in root.iter():
        assert not {"src", "srcset", "data", "action", "style"} & set(one.attrib), one.tag
        link = one.get("href") or one.get("{http://www.w3.org/1999/xlink}href") or one.get("xlink:href")
        assert link is None or link.startswith("#"), link
    assert "@import" not in page
    assert "url(" not in page


def test_a_policy_of_the_page_lets_only_its_own_text_run(capsys):
    _, page, _, _ = written(capsys, EXAMPLE)
    root = html.fromstring(page)
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none';")
    for kind, name in (("script", "script-src"), ("style", "style-src")):
        (text,) = (one.text for one in root.iter(kind) if one.get("type") is None)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy


def test_each_session_has_its_policy_in_words_and_as_an_exact_set(capsys):
    _, _, data, _ = written(capsys, EXAMPLE)
    edge1 = next(one for one in data["routers"] if one["name"] == "edge1")
    (node,) = (one for one in edge1["sessions"] if one["neighbor"] == "192.168.1.10")
    (inbound,) = (data["policies"][place] for _, direction, place in node["policies"] if direction == "in")
    assert inbound["attached"] == ["route map MetalLB_k8s"]
    assert inbound["ways"] == [["route-map MetalLB_k8s seq 10", "192.168.10.0/24 le 32", [], []]]
    assert (inbound["prefixes"], inbound["left_out"]) == (["192.168.10.0/24 le 32"], 0)


def test_drift_and_the_plan_with_its_impact_are_there_when_running_configurations_are(capsys, tmp_path):
    (tmp_path / "edge1.conf").write_text(RUNNING)
    status, page, data, err = written(capsys, EXAMPLE, "--running", tmp_path)
    edge1, home = data["routers"]
    assert (status, edge1["observed"]["state"], home["observed"]["state"]) == (1, "reset", "unknown")
    assert edge1["observed"]["plan"]["summary"].startswith("Plan: ")
    assert "has no file of home" in home["observed"]["error"]
    assert "not known, for they could not be asked: home" in err
    assert "have sessions that will reset" in page


def test_a_page_is_silent_on_drift_unless_asked(capsys):
    status, page, data, _ = written(capsys, EXAMPLE)
    assert (status, [one["observed"] for one in data["routers"]]) == (0, [None, None])
    assert "Nobody asked what the routers run" in page


def test_whatever_is_in_an_inventory_stays_text(capsys, tmp_path):
    _, page, data, _ = written(capsys, hostile(tmp_path))
    root = html.fromstring(page)
    assert [one.get("type") for one in root.iter("script")] == ["application/json", None]
    assert not list(root.iter("img", "b", "iframe"))
    assert data["routers"][0]["description"] == HOSTILE
    assert data["routers"][0]["sessions"][0]["description"] == HOSTILE
    assert page.count("</script>") == 2


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028\u2029", "&amp;", "'\"\\\n"]
)
def test_data_inside_of_a_script_element_ends_no_element(text):
    assert json.loads(as_json({text: [text]})) == {text: [text]}
    assert not re.search("[<>&\u2028\u2029]", as_json(text))


def test_no_password_is_on_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("BGP_PASSWORD", SECRET)
    folder = hostile(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/r1.conf").write_text(
        f"router bgp 64512\n neighbor 192.0.2.9 remote-as 1\n neighbor 192.0.2.9 password {SECRET}\n"
    )
    status, page, data, _ = written(capsys, folder, "--running", tmp_path / "run")
    assert status == 0
    assert data["routers"][0]["observed"]["plan"]["changes"]
    assert SECRET not in page


def test_an_inventory_with_an_error_has_its_findings_on_the_page_and_no_judgement_of_policy(capsys, tmp_path):
    (tmp_path / "routers").mkdir()
    router = {"bgp": {"asn": 1, "neighbors": {"192.0.2.1": {"remote_as": 2, "ipv4_unicast": {"route_map_in": "NONE"}}}}}
    (tmp_path / "routers/r1.yaml").write_text(json.dumps(router))
    status, page, data, _ = written(capsys, tmp_path)
    assert (status, data["deep"], data["routers"][0]["findings"][0]["severity"]) == (1, False, "error")
    assert "FRR210" in page


def test_without_graphviz_the_page_says_that_it_has_no_picture(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    status, page, _, err = written(capsys, EXAMPLE)
    assert (status, "No picture: graphviz" in page) == (0, True)
    assert "the page has no picture: graphviz's dot cannot be run" in err


def test_the_page_is_written_for_its_owner_alone(capsys, tmp_path):
    assert main(["-i", str(EXAMPLE), "report", "edge1", "-o", str(tmp_path / "net.html")]) == 0
    assert stat.S_IMODE((tmp_path / "net.html").stat().st_mode) == 0o600
    assert "net.html: 1 router" in capsys.readouterr().err


def test_many_routers_are_read_in_parts_and_look_the_same(capsys, tmp_path, monkeypatch):
    from frrgen.cli import looked

    whole = written(capsys, EXAMPLE)[2]
    monkeypatch.setattr(looked, "PART", 1)
    parts = written(capsys, EXAMPLE)[2]

    def told(data):
        return {
            (router["name"], session["neighbor"], family, direction): data["policies"][place]
            for router in data["routers"]
            for session in router["sessions"]
            for family, direction, place in session["policies"]
        }

    assert told(parts) == told(whole)
    assert [one["findings"] for one in parts["routers"]] == [one["findings"] for one in whole["routers"]]
