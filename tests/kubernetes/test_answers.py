"""The answers of the fake API server are those of a real one; `data/answers.json` holds what a real one said."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from tests.kubernetes.begun import SERVERS, begun
from tests.kubernetes.questions import RECORD, answers, questions
from tests.speaker.talking import run

RECORDED = json.loads(RECORD.read_text())


def different(found):
    """Give the answers that are not as recorded; without those that need both IP versions, if the server has one."""
    asked = dict(zip(RECORDED, questions(), strict=True))
    dual = {text: one.body["metadata"]["name"] for text, one in asked.items() if one.dual}
    both = any("IPv6" in found[text].get("object", {}).get("spec", {}).get("ipFamilies", ()) for text in dual)
    left_out = {} if both else dual

    def compared(answer):
        names = [name for name in answer.get("items", ()) if name not in left_out.values()]
        return {**answer, "items": names} if "items" in answer else answer

    return [
        f"{text}\n  now:      {json.dumps(found[text])}\n  recorded: {json.dumps(answer)}"
        for text, answer in RECORDED.items()
        if text not in left_out and compared(found[text]) != compared(answer)
    ]


def test_the_record_answers_each_question():
    assert len(RECORDED) > 100
    assert [f"{number} {one.text}" for number, one in enumerate(questions())] == list(RECORDED)


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_answers_as_the_record_says(tmp_path, kind):
    async def scenario():
        async with begun(kind, tmp_path) as (api, _):
            return await answers(api, questions())

    assert "\n".join(different(run(scenario()))) == ""
