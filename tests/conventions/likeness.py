"""Likeness of answers: what on a page stands for what in reality, where ids and times differ each time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

MADE_UP = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "id": re.compile(r"\d{15,19}"),
    "link": re.compile(r"http://[\w.:]+/s/\w{42}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)"),
}


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
