"""Captured properties: repairs invalid text in properties that the browser script reads from a page.

A page does not choose its title or URL, so no event is lost because of them. Names and values that a developer sends stay
strictly checked.
"""

from __future__ import annotations

import re
from typing import Any

from tracker.errors import UNREADABLE_BODY, CommandError, because
from tracker.fields import is_text

#: The prefix of names of captured properties.
MARK = "$"
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def mended(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of one public event, with U+FFFD for each lone surrogate in captured properties.

    Raises CommandError (100000) if there is a lone surrogate elsewhere.
    """
    found = {
        name: _mended_properties(value) if _is_properties(name, value) else value
        for name, value in params.items()
    }
    if not _is_all_text(found):
        raise CommandError(because(UNREADABLE_BODY, "half of a character (a lone surrogate), or not UTF-8"))
    return found


def _is_properties(name: str, value: Any) -> bool:
    return name.lower() == "properties" and isinstance(value, dict)


def _mended_properties(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _SURROGATE.sub(_REPLACEMENT, value)
        if name.startswith(MARK) and isinstance(value, str)
        else value
        for name, value in properties.items()
    }


def _is_all_text(value: Any) -> bool:
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, dict):
        return all(is_text(name) and _is_all_text(inner) for name, inner in value.items())
    return not isinstance(value, list) or all(map(_is_all_text, value))
