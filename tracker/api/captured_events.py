"""Captured properties: what the browser script reads off a page by itself is mended where it is no text.

A page cannot know what stands in its title or address, so no event is lost for that. What people name and send themselves
stays strict.
"""

from __future__ import annotations

import re
from typing import Any

from tracker.errors import UNREADABLE_BODY, CommandError, because
from tracker.fields import is_text

#: How the names of captured properties begin.
MARK = "$"
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def mended(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of one public event, with U+FFFD for each lone surrogate in captured properties.

    Raises CommandError (100000) if there are any elsewhere.
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
