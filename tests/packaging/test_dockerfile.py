"""The Dockerfile is sound as far as reading tells, and builds where a builder and its base image are at hand."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/Dockerfile"
SECRET = re.compile(r"(?i)\b\w*(password|passwd|secret|token|credential|private_?key|api_?key)\w*\b")


class Order(NamedTuple):
    """An instruction of a Dockerfile."""

    word: str
    rest: str


class Stage(NamedTuple):
    """An image that the Dockerfile makes: what it begins with, its name, and its instructions."""

    base: str
    name: str | None
    orders: list[Order]

    def last(self, word: str) -> str | None:
        return next((one.rest for one in reversed(self.orders) if one.word == word), None)


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile; comments go, and continued lines are joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found: list[Stage] = []
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        word = word.upper()
        if word == "FROM":
            parts = rest.split()
            name = parts[2] if len(parts) == 3 and parts[1].upper() == "AS" else None
            found.append(Stage(parts[0], name, []))
        elif found:
            found[-1].orders.append(Order(word, rest.strip()))
    return found


def copies(stage: Stage) -> list[tuple[str | None, list[str]]]:
    """Return what a stage copies: the stage that it comes from (None: the repository), and the sources."""
    found = []
    for one in stage.orders:
        if one.word in {"COPY", "ADD"}:
            words = shlex.split(one.rest)
            origin = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), None)
            found.append((origin, [word for word in words if not word.startswith("--")][:-1]))
    return found


def faults(text: str, root: Path, programs: set[str]) -> list[str]:
    """Return what is wrong with a Dockerfile, as far as its text, the repository and the wheel's programs tell."""
    made = stages(text)
    if not made:
        return ["no stage"]
    wrong: list[str] = []
    known: list[str] = []
    for number, stage in enumerate(made):
        if stage.base not in known and not re.fullmatch(
            r"[\w./-]+(:\d+/[\w./-]+)?:(?!latest\b)[\w.-]+(@sha256:\w{64})?", stage.base
        ):
            wrong.append(f"{stage.base} is not pinned by a tag")
        for origin, sources in copies(stage):
            if origin is not None:
                wrong += [] if origin in known else [f"{origin} is no stage before"]
            else:
                wrong += [
                    f"{one} is not in the repository"
                    for one in sources
                    if one != "." and not list(root.glob(one.lstrip("/")))
                ]
        for one in stage.orders:
            if one.word in {"ENV", "ARG"} and SECRET.search(one.rest):
                wrong.append(f"a secret in {one.word}")
            if (
                one.word == "RUN"
                and re.search(r"\bapt(-get)?\b.*\binstall\b", one.rest)
                and "/var/lib/apt/lists" not in one.rest
            ):
                wrong.append("apt's lists stay in the layer")
            if one.word == "RUN" and re.search(r"\bpip3? .*\binstall\b", one.rest) and "--no-cache-dir" not in one.rest:
                wrong.append("pip's cache stays in the layer")
        known += [str(number), *([stage.name] if stage.name else [])]
    user = made[-1].last("USER")
    if user is None or user.split(":")[0] in {"root", "0"}:
        wrong.append("root runs it")
    elif not user.split(":")[0].isdigit():
        wrong.append("Kubernetes cannot tell that the user is not root: it has no number")
    try:
        entry = json.loads(made[-1].last("ENTRYPOINT") or "")
    except ValueError:
        return [*wrong, "no ENTRYPOINT in the form of a list"]
    return wrong if entry[0] in programs else [*wrong, f"{entry[0]} is no program of the wheel"]


def programs() -> set[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return set(tomllib.load(file)["project"]["scripts"])


def test_the_dockerfile_has_no_faults():
    assert len(stages(FILE.read_text())) == 2
    assert faults(FILE.read_text(), ROOT, programs()) == []


def test_the_extras_that_the_image_installs_are_those_of_the_project():
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    (extras,) = re.findall(r"/src\[([\w,-]+)\]", FILE.read_text())
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    tags = re.findall(r"^FROM python:(\d+\.\d+)-", FILE.read_text(), re.MULTILINE)
    assert len(set(tags)) == 1
    assert f"Programming Language :: Python :: {tags[0]}" in project["classifiers"]


def test_what_the_wheel_is_made_of_goes_into_the_build_and_no_password_does():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert [one for one in taken if not (ROOT / one).exists()] == []
    with (ROOT / "pyproject.toml").open("rb") as file:
        read = tomllib.load(file)
    wheel = read["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert taken == {
        "pyproject.toml",
        "LICENSE",
        read["project"]["readme"],
        *wheel["packages"],
        *wheel["force-include"],
    }
    assert "**/secrets" in lines[len(taken) :]


def test_the_program_is_on_the_path_of_the_image():
    *_, last = stages(FILE.read_text())
    ((origin, (folder,)),) = copies(last)
    assert origin == "build"
    assert f"PATH={folder}/bin:$PATH" in (last.last("ENV") or "").split()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("COPY . /src", "COPY nothing.here /src"), "nothing.here is not in the repository"),
        (("--from=build", "--from=biuld"), "biuld is no stage before"),
        (("USER 65532:65532\n", ""), "root runs it"),
        (("USER 65532:65532", "USER 0"), "root runs it"),
        (("USER 65532:65532", "USER root:root"), "root runs it"),
        (("USER 65532:65532", "USER frr"), "Kubernetes cannot tell that the user is not root: it has no number"),
        (('["frrgen"]', '["frrgne"]'), "frrgne is no program of the wheel"),
        (('["frrgen"]', "frrgen"), "no ENTRYPOINT in the form of a list"),
        (('ENTRYPOINT ["frrgen"]\n', ""), "no ENTRYPOINT in the form of a list"),
        (("python:3.13-slim AS", "python AS"), "python is not pinned by a tag"),
        (("python:3.13-slim AS", "python:latest AS"), "python:latest is not pinned by a tag"),
        (("USER", "ENV API_TOKEN=x\nUSER"), "a secret in ENV"),
        (("USER", "ARG db_password\nUSER"), "a secret in ARG"),
        (("USER", "RUN apt-get update \\\n    && apt-get install -y git\nUSER"), "apt's lists stay in the layer"),
        ((" --no-cache-dir", ""), "pip's cache stays in the layer"),
    ],
)
def test_a_fault_is_found(change, fault):
    text = FILE.read_text()
    assert change[0] in text
    assert faults(text.replace(*change, 1), ROOT, programs()) == [fault]


def builder() -> list[str] | None:
    """Return the command that builds images; None where there is none, or no base image to build on.

    A base image that is not there is not fetched: a test does not depend on a registry.
    """
    base = stages(FILE.read_text())[0].base
    for name, build in (("docker", "build"), ("podman", "build"), ("buildah", "bud")):
        if shutil.which(name) is None:
            continue
        look = [name, "images", "-q", base]
        done = subprocess.run(look, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0 and done.stdout.strip():
            return [name, build]
    return None


def test_the_image_builds_and_runs():
    command = builder()
    if command is None:
        pytest.skip("no builder of images with the base image at hand")
    name = "frrgen-of-a-test"
    subprocess.run([*command, "-q", "-t", name, "-f", str(FILE), "."], cwd=ROOT, check=True, timeout=900)
    try:
        if command[0] == "buildah":
            return
        done = subprocess.run(
            [command[0], "run", "--rm", name, "--version"], capture_output=True, text=True, check=True
        )
        assert re.fullmatch(r"frrgen \d+\.\d+\.\d+\n", done.stdout)
    finally:
        subprocess.run([command[0], "rmi", name], capture_output=True, check=False)
