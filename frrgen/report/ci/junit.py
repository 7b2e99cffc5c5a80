"""JUnit's XML: a test case for each router or session, and for the inventory."""

from __future__ import annotations

from lxml import etree

from frrgen.errors import visible
from frrgen.report.ci.problem import Problem, Result


def junit(result: Result) -> str:
    """Return the report. A problem that is no failure stands in `system-out`."""
    name = f"frrgen {result.verb}"
    cases = list(dict.fromkeys([*result.cases, *(one.case for one in result.problems)]))
    failing = [case for case in cases if any(one.fails for one in result.of(case))]
    counts = {"tests": str(len(cases)), "failures": str(len(failing)), "errors": "0"}
    root = etree.Element("testsuites", {"name": name, **counts})
    suite = etree.SubElement(root, "testsuite", {"name": name, **counts, "skipped": "0", "time": "0"})
    for case in cases:
        shown = visible(case, 200) or "inventory"
        found = etree.SubElement(suite, "testcase", {"classname": name, "name": shown, "time": "0"})
        problems = list(result.of(case))
        failures = [one for one in problems if one.fails]
        if failures:
            first = failures[0]
            said = {"message": f"{first.rule}: {first.message}", "type": first.rule}
            etree.SubElement(found, "failure", said).text = "\n".join(map(_line, failures))
        if others := [_line(one) for one in problems if not one.fails]:
            etree.SubElement(found, "system-out").text = "\n".join(others)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text.decode()


def _line(problem: Problem) -> str:
    place = f"{problem.where}: " if problem.where.file else ""
    return f"{place}{problem.severity}[{problem.rule}]: {problem.message}"
