"""A fuzzer that looks at what an input reaches (atheris): `python -m tests.fuzz [SECONDS | FILE]`.

It begins with the seeds, and with what earlier runs have left in `.fuzz`. It ends with 0 only if it ran for the time
and found nothing; an input that it found lies where it was started, and `python -m tests.fuzz FILE` tries it again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # without a build of it for this Python the run must fail, and does

with atheris.instrument_imports(include=["frrgen.speaker"]):
    from tests.fuzz.target import one_input, seeds

CORPUS = Path(".fuzz")
OPTIONS = ["-max_len=70000", "-timeout=10", "-rss_limit_mb=512", "-print_final_stats=1", "-use_value_profile=1"]


def main() -> None:
    said = sys.argv[1] if len(sys.argv) > 1 else "60"
    if not said.isdigit():
        one_input(Path(said).read_bytes())
        return
    CORPUS.mkdir(exist_ok=True)
    known = list(seeds())
    for number, octets in enumerate(known):
        (CORPUS / f"seed-{number}").write_bytes(octets)
    print(f"{len(known)} seeds, {said} s", flush=True)
    atheris.Setup(["fuzz", *OPTIONS, f"-max_total_time={said}", str(CORPUS)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
