"""Segment words: a rule as the rest of a sentence that begins with "people who": `did conversion at least 2 times`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.console.filter_words import (
    OPERATORS,
    condition_words,
    membership_words,
    property_name,
    value_list_words,
)


def rule_words(rule: list[Any], names: Mapping[int, str]) -> str:
    """Return a rule in words; `names` are those of segments."""
    parts = []
    for each in rule:
        group = each if isinstance(each, list) else [each]
        told = " or ".join(_words(one, names) for one in group)
        parts.append(f"({told})" if len(group) > 1 and len(rule) > 1 else told)
    return " and ".join(parts)


def _words(condition: Mapping[str, Any], names: Mapping[int, str]) -> str:
    if any(key.lower() == "type" for key in condition):
        return _octeth_words({key.lower(): value for key, value in condition.items()})
    if condition.get("Segment") is not None:
        return f"are {membership_words(condition['Segment'], condition.get('Is'), names)}"
    if str(condition.get("Of", "")).lower() != "person":
        return f"have an event of which {condition_words(condition)}"
    how = str(condition.get("Is", "")).lower()
    compared = (
        f"{OPERATORS.get(how, how)} {value_list_words(condition.get('Property'), condition.get('Value'))}"
    )
    if condition.get("Field"):
        return f"have {condition['Field']}: {compared}".strip()
    did = "did not do" if how == "did not happen" else "did"
    told = [f"{did} {condition.get('Event') or 'anything'}"]
    if condition.get("Property"):
        told.append(f"where {property_name(str(condition['Property']))} {compared}".strip())
    return " ".join([*told, *_counted(condition)])


def _counted(condition: Mapping[str, Any]) -> list[str]:
    times, days = condition.get("Times"), condition.get("Days")
    often = [] if times in (None, 1, "1") else [f"at least {times} times"]
    return [*often, f"in the last {days} days"] if days else often


def _octeth_words(rule: Mapping[str, Any]) -> str:
    """Return one of Octeth's rules in words: `did order where price greater than 20`."""
    operator, value = str(rule.get("operator", "")), value_list_words(None, rule.get("value"))
    event = rule.get("event") or "anything"
    if rule.get("event_parameter"):
        return f"did {event} where {rule['event_parameter']} {operator} {value}".strip()
    folded = operator.lower()
    did = "did not do" if folded.startswith("did not happen") else "did"
    rest = folded.removeprefix("did not happen").removeprefix("happened").replace(" x ", f" {value} ")
    return f"{did} {event}{rest}"
