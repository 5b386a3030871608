"""ClickHouse SQL: statements of `queries/`, as ClickHouse spells them.

All of these statements are ours, without a text of anybody else's: what differs in meaning is an expression of the dialect, and what is
left are words, each with one meaning wherever it stands outside of a literal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_LITERAL = re.compile(r"('(?:[^']|'')*')")
_PARAMETER = re.compile(r"\$([0-9]+)(?:::(VARCHAR|BIGINT)\[\])?")
#: Words that are spelled otherwise, in the order in which they are replaced.
_WORDS = [
    (re.compile(pattern), other)
    for pattern, other in (
        (r"\btemp\.", ""),
        (r"\bTEMP TABLE (\w+) AS\b", r"TEMPORARY TABLE \1 ENGINE = Memory AS"),
        (r" AS MATERIALIZED ", " AS "),
        (r"\* EXCLUDE \(", "* EXCEPT ("),
        (r" // ", " DIV "),
        (r"\bNULL::VARCHAR\b", "CAST(NULL AS Nullable(String))"),
        (r"\b0::BIGINT\b", "toInt64(0)"),
        (r"\bHUGEINT\b", "Int128"),
        (r"\bunnest\(", "arrayJoin("),
        (r"\blist_contains\(", "has("),
        (r"\bbool_or\(", "max("),
        (r"\bcount_if\(", "countIf("),
        (r"\barg_min\(", "argMin("),
        (r"\barg_max\(", "argMax("),
        (r"\bbit_or\(", "groupBitOr("),
        (r"\bany_value\(", "any("),
    )
]


def spelled(sql: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """Return a statement as ClickHouse spells it, and the values of its parameters by their names."""
    parts = _LITERAL.split(sql)
    parameters: dict[str, Any] = {}

    def parameter(found: re.Match[str]) -> str:
        value = values[int(found[1]) - 1]
        parameters[f"p{found[1]}"] = value
        return f"{{p{found[1]}:{_type_of(value, found[2])}}}"

    for number, part in enumerate(parts):
        if number % 2:  # a backslash is one in our literals
            parts[number] = part.replace("\\", "\\\\")
            continue
        for pattern, other in _WORDS:
            part = pattern.sub(other, part)
        parts[number] = _PARAMETER.sub(parameter, part)
    return "".join(parts), parameters


def _type_of(value: Any, of_items: str | None) -> str:
    if isinstance(value, list):
        if of_items == "BIGINT":
            return "Array(Int64)"
        return "Array(Nullable(String))" if None in value else "Array(String)"
    if isinstance(value, bool):
        return "Bool"
    return "Int64" if isinstance(value, int) else "String"


def quoted(value: Any) -> str:
    """Return a value as a literal of ClickHouse's."""
    if isinstance(value, list):
        return f"[{', '.join(map(quoted, value))}]"
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{escaped(value)}'" if isinstance(value, str) else str(value)


def escaped(text: str) -> str:
    """Return a text with the escapes of ClickHouse's formats, which also stand in literals."""
    return text.translate(_ESCAPES)


_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
)
