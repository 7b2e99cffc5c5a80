"""Change lines of the core one at a time, and see whether the fast tests notice (`make mutants`).

All is done in a copy of the tree. A sample is drawn by a seed, so it is the same each time. The tests of a package run
once under coverage. A mutant then meets the tests that reach its line, the quickest first, for so many seconds at most.
It is killed if a test fails or does not end.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from pathlib import Path

import coverage

from tests.mutants.change import Mutant, count, mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "policy": ("frrgen/policy", ["tests/policy", "tests/cli/test_explain.py", "tests/cli/test_compare_verb.py"]),
    "diff": (
        "frrgen/platforms/frr/diff",
        ["tests/diff", "tests/golden", "tests/push", "tests/grammar/test_impact_is_said.py", "tests/cli/test_cli.py"],
    ),
    "grammar": (
        "frrgen/platforms/frr/grammar",
        ["tests/diff", "tests/grammar", "tests/parse", "tests/render/test_package.py", "tests/errors", "tests/docs"],
    ),
    "lines": ("frrgen/lines", ["tests/diff", "tests/grammar", "tests/parse", "tests/docs"]),
    "wire": (
        "frrgen/speaker/wire",
        [
            "tests/speaker/test_octets.py",
            "tests/speaker/test_malformed.py",
            "tests/speaker/test_rib.py",
            "tests/speaker/test_session.py",
        ],
    ),
}
"""The core: a folder, and the tests that are about it."""
OUTSIDE = (".git", ".venv", ".tox", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")


class Watched:
    """A package in the copy: which tests reach which line, and how long each takes."""

    def __init__(self, name: str, copy: Path) -> None:
        """Run the package's tests under coverage. Raises RuntimeError if they fail without any change."""
        folder, tests = PACKAGES[name]
        self.copy = copy
        self.files = sorted((copy / folder).rglob("*.py"))
        ini, data, times = copy / "mutants.ini", copy / f".coverage.{name}", copy / f"{name}.xml"
        ini.write_text("[run]\ndynamic_context = test_function\n")
        tests = [one for one in tests if (copy / one).exists()]
        measure = [
            "-m",
            "coverage",
            "run",
            f"--rcfile={ini}",
            f"--data-file={data}",
            f"--source={folder}",
            "-m",
            "pytest",
        ]
        done = self._python([*measure, *FAST, f"--junit-xml={times}", *tests], 3000)
        if done != 0:
            raise RuntimeError(f"{name}: its tests fail as it is")
        self.seconds: dict[str, float] = defaultdict(float)
        for case in ET.parse(times).iter("testcase"):
            module = case.get("classname", "").replace(".", "/") + ".py"
            self.seconds[f"{module}::{case.get('name', '').partition('[')[0]}"] += float(case.get("time", 0))
        self.reached = coverage.CoverageData(str(data))
        self.reached.read()

    def tests(self, file: Path, line: int) -> list[str]:
        """Return the tests that reach a line, the quickest first; all, if it runs as the module is imported."""
        contexts = self.reached.contexts_by_lineno(str(file)).get(line, [])
        if "" in contexts:
            return sorted(self.seconds, key=self.seconds.__getitem__)
        names = {context.replace(".", "/").rpartition("/")[::2] for context in contexts}
        found = {test for module, name in names if (test := f"{module}.py::{name}") in self.seconds}
        return sorted(found, key=self.seconds.__getitem__)

    def verdict(self, file: Path, one: Mutant, seconds: float) -> str:
        """Put a mutant in its place and run the tests that reach it. Return killed, slow, survived or unreached."""
        tests, spent = [], 0.0
        for test in self.tests(file, one.line):
            spent += self.seconds[test]
            if tests and spent > seconds:
                break
            tests.append(test)
        if not tests:
            return "unreached"
        source = file.read_text()
        file.write_text(one.source)
        try:
            status = self._python(["-m", "pytest", "-x", *FAST, *tests], 20 + 4 * min(spent, seconds))
        finally:
            file.write_text(source)
        return {0: "survived", None: "slow"}.get(status, "killed")

    def _python(self, args: list[str], seconds: float) -> int | None:
        """Run Python in the copy; return its exit status, None if it does not end in time."""
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self.copy)}
        with subprocess.Popen(
            [sys.executable, *args],
            cwd=self.copy,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as running:
            try:
                return running.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                if running.poll() is None:
                    os.killpg(running.pid, signal.SIGKILL)


FAST = ["-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not lab and not interop"]


def main() -> int:
    """Draw a sample, and say what became of each mutant."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.split("\n")[0])
    parser.add_argument("packages", nargs="*", default=list(PACKAGES), help=f"of {', '.join(PACKAGES)}")
    parser.add_argument("-n", type=int, default=200, help="mutants, shared among the packages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="of tests for each mutant")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*OUTSIDE))
        for name in args.packages or PACKAGES:
            watched = Watched(name, copy)
            every = [(file, number) for file in watched.files for number in range(count(file.read_text()))]
            sample = random.Random(args.seed).sample(every, min(len(every), args.n // len(args.packages or PACKAGES)))
            ends: Counter[str] = Counter()
            for file, number in sample:
                one = mutant(file.read_text(), number)
                end = watched.verdict(file, one, args.seconds)
                ends[end] += 1
                if end in {"survived", "unreached"}:
                    place = f"{file.relative_to(copy)}:{one.line}"
                    print(f"{end:9} {place}: {one.was}  ->  {one.now}", flush=True)
            killed = ends["killed"] + ends["slow"]
            print(
                f"{name}: {killed} of {len(sample)} killed ({killed / len(sample):.0%}), out of {len(every)}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
