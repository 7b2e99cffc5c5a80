"""What `check`, `diff`, `verify` and `compare` write for CI systems."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from lxml import etree

from frrgen.cli import main
from frrgen.codes import Code, Severity
from frrgen.errors import Where
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.report.ci.github import github
from frrgen.report.ci.gitlab import gitlab
from frrgen.report.ci.junit import junit
from frrgen.report.ci.markdown import MOST, markdown
from frrgen.report.ci.problem import RULES, Problem, Result
from frrgen.report.ci.sarif import sarif
from tests.cli.test_cli import EXAMPLE, RUNNING

SARIF = json.loads((Path(__file__).parent / "sarif-shape.json").read_text())
EVIL = "::error::x\n%0A <script>|`@all`\x1b]0;owned\x07 ![a](http://b) \udc80"


@pytest.fixture
def written(capsys):
    def run(*args):
        status = main([str(arg) for arg in args])
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def run_conf(tmp_path):
    (tmp_path / "run.conf").write_text(RUNNING)
    return tmp_path / "run.conf"


@pytest.fixture
def wrong(tmp_path):
    """An inventory with an error of the network, and one of a router."""
    (tmp_path / "net/routers").mkdir(parents=True)
    (tmp_path / "net/routers/r1.yaml").write_text("bgp: {asn: 65001}\nfo: 1\n")
    (tmp_path / "net/stray").write_text("")
    return tmp_path / "net"


def commands(run_conf):
    """Yield commands of each verb: without and with something to tell."""
    yield "check", ("-i", EXAMPLE, "check")
    yield "diff", ("-i", EXAMPLE, "diff", "edge1", "--running", run_conf)
    yield "verify", ("-i", EXAMPLE, "verify")
    yield "compare", ("-i", EXAMPLE, "compare", "edge1:MetalLB_k8s", "edge1:MetalLB_k8s")
    yield "compare", ("-i", EXAMPLE, "compare", "edge1:203.0.113.1:in", "edge1:203.0.113.1:out")


def schema(written, verb):
    return json.loads(written("schema", verb)[1])


@pytest.mark.parametrize("number", range(5))
def test_the_json_of_a_verb_is_as_its_schema_says(written, run_conf, number):
    verb, words = list(commands(run_conf))[number]
    found = json.loads(written(*words, "--format", "json")[1])
    jsonschema.Draft202012Validator.check_schema(schema(written, verb))
    jsonschema.validate(found, schema(written, verb))
    assert found["version"] == 1
    assert {one["router"] for one in found["routers"]} <= {"edge1", "home"}
    assert found["routers"]


def test_the_json_of_a_fault_is_as_its_schema_says(written, wrong, run_conf, tmp_path):
    status, out = written("-i", wrong, "check", "--format", "json")
    jsonschema.validate(json.loads(out), schema(written, "check"))
    assert (status, json.loads(out)["errors"]) == (1, 2)
    assert [one["router"] for one in json.loads(out)["routers"]] == ["r1"]
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "edge1.conf").write_text(RUNNING)
    (folder / "home.conf").write_text("! a text that is no configuration\nset interfaces ge-0/0/0 unit 0\n")
    status, out = written("-i", EXAMPLE, "diff", "--running", folder, "--format", "json")
    jsonschema.validate(json.loads(out), schema(written, "diff"))
    assert [one["router"] for one in json.loads(out)["routers"]] == ["edge1", "home"]


def test_a_plan_in_a_file_is_as_the_schema_says(written, run_conf, tmp_path):
    written("-i", EXAMPLE, "diff", "edge1", "--running", run_conf, "-o", tmp_path / "plan.json")
    jsonschema.validate(json.loads((tmp_path / "plan.json").read_text()), schema(written, "diff"))


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "gitlab", "markdown"])
@pytest.mark.parametrize("number", range(5))
def test_every_verb_writes_every_format_with_the_same_exit_code(written, run_conf, form, number):
    _, words = list(commands(run_conf))[number]
    status, out = written(*words, "--format", form)
    assert status == written(*words)[0]
    assert out or (form == "github" and status == 0)
    if form in {"sarif", "gitlab"}:
        json.loads(out)
    if form == "junit":
        etree.fromstring(out.encode())


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "gitlab", "markdown"])
@pytest.mark.parametrize("verb", ["check", "verify", "diff"])
def test_an_unreadable_inventory_is_reported_in_the_format(written, wrong, form, verb):
    status, out = written("-i", wrong, verb, "--format", form)
    assert (status, "FRR110" in out, "FRR106" in out) == (1, True, True)


def problem(number=0, severity=Severity.ERROR, rule=Code.FRR110, text="unknown key 'fo'"):
    return Problem(rule, severity, text, Where("inventory/routers/r 1.yaml", number + 1, 2, ("routers", "r1")), "r1")


def result(*problems):
    return Result("check", ("r1", "r2"), problems)


ALL = result(
    *(
        problem(number, severity, rule)
        for number, severity in enumerate(Severity)
        for rule in [*list(Code)[:5], *RULES]
    ),
    problem(text=EVIL),
    Problem(Code.FRR100, Severity.ERROR, EVIL, Where(f"/tmp/{EVIL}")),
    Problem(Code.FRR100, Severity.WARNING, "no place"),
)


def test_sarif_has_the_shape_that_readers_need():
    found = json.loads(sarif(ALL))
    jsonschema.validate(found, SARIF)
    (run,) = found["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert len({json.dumps(one["partialFingerprints"]) for one in run["results"]}) == len(run["results"])
    uris = [
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for one in run["results"]
        if "locations" in one
    ]
    assert "inventory/routers/r%201.yaml" in uris
    assert all(re.fullmatch(r"[A-Za-z0-9._~:/%!$&'()*+,;=@-]+", uri) for uri in uris)
    assert "What to do" in rules[0]["help"]["text"]
    assert json.loads(sarif(result()))["runs"][0]["results"] == []


def test_junit_has_a_case_for_each_router_and_fails_what_failed():
    root = etree.fromstring(junit(ALL).encode())
    suite = root[0]
    assert [case.get("name") for case in suite] == ["r1", "r2", "inventory"]
    assert suite.get("failures") == str(len(suite.findall("testcase/failure"))) == "2"
    assert suite.get("tests") == "3"
    warned = etree.fromstring(junit(result(problem(severity=Severity.WARNING))).encode())
    assert warned[0].get("failures") == "0"
    assert "unknown key" in warned.findtext(".//system-out")


def test_github_shows_ten_annotations_of_a_kind_and_counts_the_others():
    lines = github(result(*(problem(number) for number in range(12)), problem(severity=Severity.INFO))).splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert "3 more are in the log" in errors[-1]
    assert len([line for line in lines if line.startswith("  inventory/")]) == 3
    ten = github(result(*(problem(number) for number in range(10)))).splitlines()
    assert len(ten) == 10
    assert "more" not in "".join(ten)


def test_github_takes_no_text_for_a_command():
    lines = github(ALL).splitlines()
    assert all(re.match(r"::(error|warning|notice) [^\n]*::|  ", line) for line in lines)
    assert all(line.isprintable() for line in lines)
    many = github(result(*(problem(text=EVIL) for _ in range(12))))
    assert not any(line.lstrip() != line and line.lstrip().startswith("::") for line in many.splitlines())


def test_gitlab_names_a_problem_alike_when_its_line_moves():
    first, moved = (json.loads(gitlab(result(problem(number)))) for number in (1, 7))
    assert first[0]["fingerprint"] == moved[0]["fingerprint"]
    assert (first[0]["location"]["lines"]["begin"], moved[0]["location"]["lines"]["begin"]) == (2, 8)
    issues = json.loads(gitlab(ALL))
    assert len({one["fingerprint"] for one in issues}) == len(issues)
    assert {key for one in issues for key in one} == {
        "description",
        "check_name",
        "fingerprint",
        "severity",
        "location",
    }
    assert {one["severity"] for one in issues} == {"info", "minor", "critical"}
    assert all(one["location"]["path"] and one["location"]["lines"]["begin"] >= 1 for one in issues)


def plans(number, text="x"):
    running = "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
    intended = (
        running
        + f" neighbor 192.0.2.1 description {text}\n"
        + "".join(f"ip prefix-list P seq {seq} permit 10.{seq // 250}.{seq % 250}.0/24\n" for seq in range(1, 40))
    )
    return [make_plan(parse(running, name=f"r{one}"), parse(intended, name=f"r{one}").router) for one in range(number)]


def test_a_comment_has_summary_sessions_routes_and_folded_changes(written, run_conf):
    _, out = written("-i", EXAMPLE, "diff", "edge1", "--running", run_conf, "--format", "markdown")
    assert out.startswith("<!-- frrgen diff -->\n### frrgen diff: 1 of 1 routers change\n")
    assert "**Sessions at risk**\n\n- `edge1`: session `203.0.113.1` resets (remote-as)\n" in out
    assert "**Routes gained and lost**" in out
    assert "will newly accept" in out
    assert ", e.g. " in out
    assert out.count("<details>") == out.count("</details>") == 1


@pytest.mark.parametrize("number", [1, 5, 60, 200])
def test_a_comment_is_never_too_long_and_says_how_much_is_left_out(number):
    made = plans(number)
    out = markdown(Result("diff", tuple(plan.router for plan in made), ()), made)
    assert len(out.encode()) <= MOST
    assert out.count("<details>") == out.count("</details>")
    assert out.count("```") % 2 == 0
    cut = re.search(r"\*\*Cut: (\d+) more lines", out)
    assert (cut is None) == (number < 10)
    assert cut is None or int(cut[1]) > 1000


def test_one_router_with_an_endless_change_is_cut_inside_and_closed():
    lines = "".join(f"ip prefix-list P seq {seq} permit 10.{seq // 250}.{seq % 250}.0/24\n" for seq in range(1, 150))
    text = "router bgp 65001\n" + "".join(
        f" neighbor 10.9.{n}.1 remote-as 65002\n neighbor 10.9.{n}.1 description {'é' * 70}\n" for n in range(240)
    )
    plan = make_plan(parse("router bgp 65001\n", name="r"), parse(text + "exit\n" + lines, name="r").router)
    out = markdown(Result("diff", ("r",), ()), [plan, *plans(300)])
    assert len(out.encode()) <= MOST
    assert "**Cut: " in out
    assert out.count("<details>") == out.count("</details>")


def test_a_comment_holds_no_markup_of_others():
    made = plans(1, "```</details><script>@all")
    out = markdown(Result("diff", ("r0",), ALL.problems), made)
    outside = re.sub(r"`{4,}diff.*?`{4,}|`` .*? ``", "", out, flags=re.DOTALL)
    assert "<script" not in outside
    assert "@all" not in outside
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert all(line.isprintable() for line in out.replace("\u200b", "").splitlines())
