"""The network as a picture, in SVG, in Mermaid's language and in graphviz's."""

from __future__ import annotations

import json
import shutil

import pytest
from lxml import etree

from frrgen.cli import main
from frrgen.intended.inventory import Inventory
from frrgen.report.dot import dot, quoted
from frrgen.report.mermaid import mermaid
from frrgen.report.picture import Edge, NodeKind, Picture, PictureNode, picture
from frrgen.report.survey import survey
from frrgen.report.view import Observed
from tests.cli.test_cli import EXAMPLE, RUNNING
from tests.web.browser import chromium, of_npm

HOSTILE = "</script><b>\"'&amp;&lt;\\N\\G #quot; `x` %% end [x] {y} |z| Ω"
SVG = "{http://www.w3.org/2000/svg}"
graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")


def drawn(capsys, *args):
    status = main(["-i", str(EXAMPLE), "graph", *map(str, args)])
    out, err = capsys.readouterr()
    return status, out, err


def hostile():
    nodes = (
        PictureNode("n0", NodeKind.ROUTER, ("edge1", HOSTILE), "drift"),
        PictureNode("n1", NodeKind.CLUSTER, (HOSTILE,)),
        PictureNode("n2", NodeKind.NEIGHBOR, (HOSTILE, "end")),
    )
    edges = (
        Edge(("n0", "n1"), internal=True, policies={HOSTILE: None}, sessions=2, down=1),
        Edge(("n2", "n0"), internal=False, sessions=1, up=1),
    )
    return Picture(nodes, edges, labelled=True)


def test_routers_clusters_and_other_neighbors_are_connected_by_their_sessions(capsys):
    status, out, _ = drawn(capsys, "--format", "mermaid")
    assert status == 0
    assert out.splitlines()[1:5] == [
        '  n0["edge1<br/>AS 64512"]',
        '  n1["home<br/>AS 64512"]',
        '  n2{{"microk8s<br/>AS 64512<br/>1 node"}}',
        '  n3(["upstream<br/>203.0.113.1<br/>AS 64496"])',
    ]
    assert '  n3 ===|"edge1 in: route map UPSTREAM-IN<br/>edge1 out: route map UPSTREAM-OUT"| n0' in out
    assert "  n0 --- n1" in out, "a session that both routers name is one line"


def test_an_interface_of_each_router_leads_to_a_neighbor_of_its_own(tmp_path, capsys):
    (tmp_path / "routers").mkdir()
    for name in ("leaf1", "leaf2"):
        (tmp_path / f"routers/{name}.yaml").write_text(
            "bgp:\n  asn: 65001\n  neighbors:\n    swp1: {remote_as: external}\n"
            "    fe80::1: {remote_as: external, interface: swp2}\n    192.0.2.1: {remote_as: 65002}\n"
        )
    assert main(["-i", str(tmp_path), "graph", "--format", "mermaid"]) == 0
    out = capsys.readouterr().out
    assert [out.count(name) for name in ("swp1", "fe80::1", "192.0.2.1")] == [2, 2, 1]


def test_what_differs_is_reported_and_not_by_colour_alone(capsys, tmp_path):
    assert main(["-i", str(EXAMPLE), "render", "edge1", "--out", str(tmp_path)]) == 0
    running = tmp_path / "edge1.conf"
    running.write_text(running.read_text().replace("description upstream", "description transit"))
    capsys.readouterr()
    status, out, _ = drawn(capsys, "edge1", "--format", "mermaid", "--running", tmp_path)
    assert (status, "edge1<br/>AS 64512<br/>differs" in out, "class n0 drift" in out) == (0, True, True)


def test_a_router_that_cannot_be_asked_is_drawn_and_the_exit_code_is_1(capsys, tmp_path):
    (tmp_path / "edge1.conf").write_text(RUNNING)
    status, out, err = drawn(capsys, "--format", "mermaid", "--running", tmp_path)
    assert (status, "home<br/>AS 64512<br/>not known" in out) == (1, True)
    assert "has no file of home" in err


def test_states_of_sessions_are_drawn():
    inventory = Inventory(EXAMPLE)
    view = survey(inventory.loaded.network, list(inventory.generated.routers.values()), policies=False)
    plan = {"sessions": [{"neighbor": "192.168.1.10", "vrf": None, "impact": "reset"}]}
    view.observed = {
        "edge1": Observed(plan, sessions={("", "203.0.113.1"): False, ("", "192.168.1.10"): True}),
        "home": Observed({"sessions": []}, empty=True, sessions={("", "192.168.1.2"): True}),
    }
    shown = picture(view)
    states = {(edge.ends, edge.state) for edge in shown.edges}
    assert states == {
        (("n3", "n0"), "down"),
        (("n0", "n2"), "reset"),
        (("n0", "n1"), "up"),
        (("n1", "n2"), ""),
    }
    assert {node.lines[0]: node.state for node in shown.nodes if node.kind is NodeKind.ROUTER} == {
        "edge1": "reset",
        "home": "same",
    }


@graphviz
def test_the_svg_is_valid_and_says_every_part_in_words(capsys):
    status, out, _ = drawn(capsys)
    root = etree.fromstring(out.encode())
    titles = [one.text for one in root.iter(f"{SVG}title")]
    assert (status, root.get("role"), root.get("aria-label")) == (0, "img", "2 routers; 1 cluster; 1 neighbor")
    assert "router edge1, AS 64512" in titles
    assert (
        "eBGP between upstream and edge1; edge1 in: route map UPSTREAM-IN; edge1 out: route map UPSTREAM-OUT" in titles
    )
    assert not [one for one in root.iter() if one.get("href") or "http" in (one.text or "")]


@graphviz
def test_text_of_the_inventory_stays_text_in_the_svg():
    from frrgen.cli.graph import laid_out
    from frrgen.report.dot import titled

    shown = hostile()
    root = etree.fromstring(titled(laid_out(shown), shown, title=HOSTILE).encode())
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert texts.count(HOSTILE) == 4
    assert [one.tag for one in root.iter() if "script" in str(one.tag)] == []
    assert root.get("aria-label") == HOSTILE


def test_text_of_the_inventory_stays_text_in_mermaid():
    written = mermaid(hostile())
    assert not set("<>&'`") & set(written.replace("<br/>", ""))
    assert "#60;#47;script#62;" in written.replace("/", "#47;")


def test_an_order_of_graphviz_in_a_name_is_text():
    assert quoted('\\N "x"\n&lt;') == '"\\\\N \\"x\\"\\n&amp;lt;"'
    assert "</script>" in dot(hostile())


def test_without_graphviz_the_hint_names_what_needs_none(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    status, out, err = drawn(capsys)
    assert (status, out) == (1, "")
    assert err.startswith("error[FRR409]: graphviz's dot cannot be run: it is not installed")
    assert "hint: apt install graphviz, or take --format mermaid" in err


def test_a_picture_is_written_to_a_file_as_a_whole(capsys, tmp_path):
    assert drawn(capsys, "--format", "dot", "-o", tmp_path / "deep/net.dot")[:2] == (0, "")
    assert (tmp_path / "deep/net.dot").read_text().startswith("graph network {")


def test_more_neighbors_than_anybody_reads_are_drawn_by_as(tmp_path, capsys):
    (tmp_path / "routers").mkdir()
    neighbors = {f"192.0.2.{n}": {"remote_as": 65001 + n % 2} for n in range(1, 121)}
    router = {"bgp": {"asn": 64512, "neighbors": neighbors}}
    (tmp_path / "routers/r1.yaml").write_text(json.dumps(router))
    assert main(["-i", str(tmp_path), "graph", "--format", "mermaid"]) == 0
    out = capsys.readouterr().out
    assert ("neighbors in AS 65001" in out, "60 sessions" in out, out.count("===")) == (True, True, 2)


def test_a_picture_that_mermaid_would_refuse_is_warned_of(tmp_path, capsys):
    (tmp_path / "routers").mkdir()
    for number in range(26):
        neighbors = {f"192.0.2.{n}": {"remote_as": 65000 + n} for n in range(1, 21)}
        router = {"bgp": {"asn": 64512, "neighbors": neighbors}}
        (tmp_path / f"routers/r{number}.yaml").write_text(json.dumps(router))
    assert main(["-i", str(tmp_path), "graph", "--format", "mermaid"]) == 0
    assert "warning[FRR410]: the picture has 520 lines, and Mermaid draws 500" in capsys.readouterr().err


def test_mermaid_itself_draws_the_picture_and_its_text():
    script = of_npm("mermaid/dist/mermaid.min.js")
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(path=script)
        inventory = Inventory(EXAMPLE)
        routers = list(inventory.generated.routers.values())
        of_example = picture(survey(inventory.loaded.network, routers, policies=False))
        drawn = page.evaluate("text => mermaid.render('a', text).then(made => made.svg)", mermaid(of_example))
        assert "upstream" in drawn
        page.set_content("<div id=room></div>")
        show = "text => mermaid.render('b', text).then(made => { room.innerHTML = made.svg })"
        page.evaluate(show, mermaid(hostile()))
        assert page.locator("#room").inner_text().replace("\n", "").count(HOSTILE) == 4
        assert page.locator("#room script").count() == 0
