"""Is docs/people-and-identity.md true: is each of its commands answered, in order, as it says?"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.commands.api import Api
from tests.house.sources import ROOT

PAGE = ROOT / "docs" / "people-and-identity.md"
#: A command and the block that follows it: the answer. The block that defines `ask` has none.
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASKED = re.compile(r"ask '(\{.*\})'\n", re.DOTALL)
MADE_UP = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "id": re.compile(r"\d{15,19}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
}
LIST_ON_PAGE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """What the reader types, and the answer that the page shows."""

    typed: str
    answer: str


def kind_of(value: Any) -> str | None:
    """Which sort of value that differs each time, if it is one."""
    text = value if isinstance(value, str) else ""
    return next((kind for kind, pattern in MADE_UP.items() if pattern.fullmatch(text)), None)


@dataclass(slots=True)
class Likeness:
    """What on the page stands for what in reality: always the same, and no two things for one.

    Only times may fall together in reality, where a program does in a millisecond what the page spreads over minutes.
    """

    real: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def in_reality(self, sent: Any) -> Any:
        """A request of the page with the real uuids and ids. A uuid not seen before is the client's and stands for itself."""
        if isinstance(sent, dict):
            return {key: self.in_reality(each) for key, each in sent.items()}
        kind = kind_of(sent)
        if kind is None:
            return sent
        assert sent in self.real or kind == "uuid", f"{sent} is in no answer before"
        return self.real[sent] if sent in self.real else self._pair("uuid", sent, sent)

    def as_shown(self, shown: Any, real: Any) -> Any:
        """The real answer in the page's words; equal to the page's if the page is right."""
        if isinstance(shown, dict) and isinstance(real, dict):
            return {key: self.as_shown(shown.get(key), each) for key, each in real.items()}
        if isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
            return [self.as_shown(*each) for each in zip(shown, real, strict=True)]
        kind = kind_of(shown)
        if kind is None or kind != kind_of(real):
            return real
        return shown if self._pair(kind, shown, real) == real else f"not {self.real[shown]} but {real}"

    def _pair(self, kind: str, shown: str, real: str) -> str:
        if kind != "time":
            assert self.shown.setdefault(real, shown) == shown, f"{real} is both {shown} and another"
        return self.real.setdefault(shown, real)

    def times(self) -> list[str]:
        """The real times, in the page's order."""
        return [real for shown, real in sorted(self.real.items()) if kind_of(shown) == "time"]


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


def test_every_command_is_answered_as_the_page_says(api: Api) -> None:
    jane, like = api.add_user(), Likeness()
    list_id = api.services.stores.lists.add(jane.id, "Demo")
    for sent, said in requests():
        assert sent.pop("ListID") == LIST_ON_PAGE
        answer = api.call(sent.pop("Command"), jane.key, ListID=list_id, **like.in_reality(sent))
        assert like.as_shown(said, answer.json) == said
        api.services.ingest.flush()  # a reader takes the seconds after which past events have been filed
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
