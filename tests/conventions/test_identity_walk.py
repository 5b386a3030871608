"""Docs test of docs/people-and-identity.md: each of its commands is answered, in order, as the page says."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from tests.client import InProcess
from tests.conventions.likeness import Likeness, kind_of
from tests.conventions.sources import ROOT

PAGE = ROOT / "docs" / "people-and-identity.md"
#: A command and the block that follows it: the answer. The block that defines `ask` has none.
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASKED = re.compile(r"ask '(\{.*\})'\n", re.DOTALL)
LIST_ON_PAGE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """What the reader types, and the answer that the page shows."""

    typed: str
    answer: str


def steps() -> list[Step]:
    blocks = BLOCKS.findall(PAGE.read_text())[1:]
    assert [language for language, _ in blocks[::2]] == ["sh"] * len(blocks[::2])
    assert {language for language, _ in blocks[1::2]} == {"json", "text"}
    return [Step(typed, answer) for (_, typed), (_, answer) in zip(blocks[::2], blocks[1::2], strict=True)]


def requests() -> list[tuple[dict[str, Any], Any]]:
    return [
        (json.loads(found[1]), json.loads(step.answer))
        for step in steps()
        if (found := ASKED.fullmatch(step.typed))
    ]


def test_every_command_is_answered_as_the_page_says(client: InProcess) -> None:
    jane, like = client.open_shop("jane@example.com"), Likeness()
    for sent, said in requests():
        assert sent.pop("ListID") == LIST_ON_PAGE
        answer = client.call(sent.pop("Command"), jane.key, ListID=jane.list_id, **like.in_reality(sent))
        assert like.as_shown(said, answer.body) == said
        client.services.ingest.flush()  # a reader takes the seconds after which past events have been filed
    assert like.times() == sorted(like.times())
    assert len([shown for shown in like.real if kind_of(shown) == "uuid"]) >= 4


def test_hashes_are_made_as_the_page_says_and_are_those_it_sends() -> None:
    [made] = [step for step in steps() if not ASKED.fullmatch(step.typed)]
    printed = subprocess.run(["bash", "-c", made.typed], capture_output=True, text=True, check=True).stdout
    assert printed == made.answer
    assert [sent["ID"] for sent, _ in requests() if "ID" in sent] == re.findall(r"\w{64}", printed)


def test_the_walk_passes_by_all_there_is() -> None:
    commands = [sent["Command"] for sent, _ in requests()]
    assert list(dict.fromkeys(commands)) == [
        "event.track",
        "subscriber.events",
        "subscriber.explain",
        "subscriber.unmerge",
        "subscriber.forget",
    ]


def test_one_thing_of_the_page_is_one_thing_in_reality() -> None:
    """Whether the comparison above can fail at all."""
    like, first, second = Likeness(), "0" * 15, "1" * 15
    assert like.as_shown([first, first], ["7" * 15, "7" * 15]) == [first, first]
    assert like.as_shown([first], ["8" * 15]) != [first]
    assert like.as_shown({"a": first}, {"a": None}) != {"a": first}
    assert like.as_shown([first], []) != [first]
    assert like.in_reality({"EventID": first}) == {"EventID": "7" * 15}
    with pytest.raises(AssertionError, match="is both"):
        like.as_shown([second], ["7" * 15])
