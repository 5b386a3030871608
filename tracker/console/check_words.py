"""Check words: the checks of `setup.check` and `health.get` as pages show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

#: States in words, and the class of their dot.
STATES = {
    "ok": ("works", "good"),
    "warn": ("look at this", "warn"),
    "bad": ("does not work", "bad"),
    "unknown": ("not known yet", ""),
}
#: A time in the words of a check.
TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)")


def in_words(checks: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return checks with their title, the words and the dot of their state, and the times in their text told apart."""
    return [_in_words(each, titles[each["Check"]]) for each in checks]


def _in_words(each: Mapping[str, Any], title: str) -> dict[str, Any]:
    words, dot = STATES[each["State"]]
    texts = [
        {"text": text, "time": bool(TIME.fullmatch(text))} for text in TIME.split(each["Detail"]) if text
    ]
    return {**each, "Title": title, "Words": words, "Dot": dot, "Parts": texts}
