"""Regular expressions that RE2 certainly refuses, told without RE2: a goal is made where no engine is at hand."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|\Z)"  # literal text
    r"|\\[1-9][0-9]+"  # perhaps octal
    r"|\\."
    r"|\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]"  # a set of characters
    r"|\(\?<?[=!]"  # a look-around
    r"|.",
    re.DOTALL,
)
_OPENINGS, _REPEATS = ("", "(", "|"), ("*", "+", "?")


def regex_fault(pattern: str) -> str | None:
    """Return what is wrong with a regular expression; None if nothing is found: RE2 may still refuse it."""
    depth, last = 0, ""
    for match in _TOKEN.finditer(pattern):
        part = match[0]
        fault = _fault_of(part, last)
        depth += (part == "(") - (part == ")")
        if fault is not None or depth < 0:
            return fault or "a closing bracket has no opening one"
        last = part
    return "an opening bracket has no closing one" if depth else None


def _fault_of(part: str, last: str) -> str | None:
    if part in ("[", "\\"):
        return f"a `{part}` has no end"
    if len(part) > 2 and part.startswith("(?"):
        return "RE2 has no look-around"
    if len(part) == 2 and part[0] == "\\" and part[1] in "123456789":
        return "RE2 has no back-references"
    if part in _REPEATS and last in _OPENINGS and (last, part) != ("(", "?"):
        return f"a `{part}` repeats nothing"
    return None
