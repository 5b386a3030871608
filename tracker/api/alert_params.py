"""Alerts on the wire: their parameters, error rows, and the rule that parameters make up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.alert_readings import asked_by_share, read_rule
from tracker.api.report_params import LIST_ERRORS, MEASURE_PATTERN, WhereParam
from tracker.api.row_refusals import answering
from tracker.api.schedule_params import Addresses
from tracker.api.share_params import READS
from tracker.api.where_params import EXAMPLE, rule_of
from tracker.domain.alert_rule import (
    DEFAULT_HOURS,
    DEFAULT_MINIMUM,
    LESS_THAN_USUAL,
    MAX_HOURS,
    NOT_SEEN,
    NUMBER,
    SILENCE,
    VALUED,
    WITH_MINIMUM,
    WORDS,
    AlertRule,
)
from tracker.errors import FORBIDDEN, CommandError, Error, because, hinted, invalid, missing
from tracker.fields import Choice, Text, WholeNumber, YesOrNo
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.outgoing import TargetRefused
from tracker.questions import BadQuestion, measure_of
from tracker.storage.accounts import MAX_RECIPIENTS, RowFault
from tracker.storage.alerts import MAX_ALERTS

#: Characters of a name, and digits of a value before the point.
MAX_NAME = 100
INVALID_NAME, INVALID_KIND, INVALID_WHERE = invalid("Name", 4), invalid("Kind", 5), invalid("Where", 6)
NAME_TAKEN = Error(7, "Name is already used by another alert")
TOO_MANY = Error(8, f"The list has {MAX_ALERTS} alerts, the most a list can have")
INVALID_NUMBER, NOT_FOUND = invalid("AlertID", 9), Error(10, "Alert not found")
MISSING_NAME, MISSING_KIND, MISSING_NUMBER = missing("Name", 11), missing("Kind", 12), missing("AlertID", 13)
_IS = "; ".join(f"{kind}: {', '.join(words)}" for kind, words in WORDS.items())
INVALID_IS, MISSING_IS = invalid("Is", 14, hint=_IS), Error(15, "Missing Is parameter", hint=_IS)
INVALID_HOURS = invalid("Hours", 16, hint=f"1 to {MAX_HOURS}")
INVALID_VALUE, MISSING_VALUE = invalid("Value", 17), Error(18, "Missing Value parameter")
INVALID_MINIMUM, INVALID_EVENT = invalid("Minimum", 19), invalid("Event", 20)
INVALID_MEASURE, MISSING_EVENT = invalid("Measure", 21), Error(22, "Missing Event parameter")
INVALID_GOAL, INVALID_SEGMENT = invalid("GoalID", 23), invalid("SegmentID", 24)
INVALID_CURRENCY = invalid("Currency", 25)
NOT_OF_KIND = Error(26, "The parameter does not belong to this kind of alert")
REFUSED = Error(27, "The report refuses the question")
INVALID_TO = invalid("To", 28, hint=f"An array of up to {MAX_RECIPIENTS} addresses; empty: none")
INVALID_URL = invalid("URL", 29)
NOBODY_TOLD = Error(30, "To or URL is needed: an alert tells somebody")
INVALID_IS_ACTIVE, INVALID_NEW_SECRET = invalid("IsActive", 31), invalid("NewSecret", 32)
NOT_INSTALLED = Error(
    33, "This kind needs the reports engine, which is not installed", hint="pip install 'tracker[reports]'"
)
ONE_ERRORS = (*LIST_ERRORS, INVALID_NUMBER, NOT_FOUND, MISSING_NUMBER)
RULE_ERRORS = (
    INVALID_NAME, INVALID_KIND, INVALID_WHERE, NAME_TAKEN, INVALID_IS, MISSING_IS, INVALID_HOURS, INVALID_VALUE, MISSING_VALUE,
    INVALID_MINIMUM, INVALID_EVENT, INVALID_MEASURE, MISSING_EVENT, INVALID_GOAL, INVALID_SEGMENT, INVALID_CURRENCY, NOT_OF_KIND,
    REFUSED, INVALID_TO, INVALID_URL, NOBODY_TOLD, INVALID_IS_ACTIVE, NOT_INSTALLED,
)  # fmt: skip
#: Answers a refusal of the store: raises CommandError (3, 7, 8, 10).
answering_alerts = answering(
    {RowFault.GONE: NOT_FOUND, RowFault.NAME_TAKEN: NAME_TAKEN, RowFault.TOO_MANY: TOO_MANY}
)
#: The columns of a rule by their parameters.
COLUMNS = {
    "Is": "word", "Hours": "hours", "Value": "value", "Minimum": "minimum", "Event": "event", "Measure": "measure", "Where": "where",
    "GoalID": "goal_id", "SegmentID": "segment_id", "Currency": "currency",
}  # fmt: skip
_OF_NUMBERS = frozenset(("event", "measure", "where", "goal_id", "segment_id", "currency"))
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


class Amount(fields.Field[str]):
    """A number that is not negative: a JSON number, or its digits as text. Returns a decimal as text."""

    def __init__(self, **options: Any) -> None:
        bounds = {
            "type": ["number", "string"],
            "minimum": 0,
            "maximum": 10**15 - 1,
            "pattern": f"^{_AMOUNT.pattern}$",
        }
        super().__init__(**options | {"metadata": bounds | options.get("metadata", {})})

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if type(value) in (int, float):
            value = format(Decimal(str(value)), "f") if 0 <= value <= 10**15 - 1 else ""
            value = value[: value.find(".") + 7] if "." in value else value
        if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
            raise self.make_error("validator_failed")
        return value


class SomeAddresses(Addresses):
    """Addresses, or none."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        if value == []:
            return []
        try:
            return super()._deserialize(value, *args, **kwargs)
        except CommandError as refused:
            reason = refused.errors[0].message.partition(": ")[2]
            raise CommandError(because(INVALID_TO, reason) if reason else INVALID_TO) from None


def alert_name(**options: Any) -> Text:
    about = {"description": "Display name; no two alerts of a list share one, in any letter case"}
    return Text(1, MAX_NAME, False, metadata=about, **options)


def alert_kind(**options: Any) -> Choice:
    about = "`number`: of a report; `silence`: an event stopped arriving; `refusals`: events are refused"
    return Choice(*WORDS, metadata={"description": about}, **options)


def alert_id(**options: Any) -> WholeNumber:
    return WholeNumber(1, **{"required": True, "metadata": {"description": "The alert's number"}, **options})


class RuleParams(Schema):
    """What is looked at, when it is bad, and who is told."""

    Is = Choice(
        *dict.fromkeys(word for words in WORDS.values() for word in words),
        metadata={"description": f"When it is bad. {_IS}"},
    )
    Hours = WholeNumber(
        1, MAX_HOURS, metadata={"description": f"The hours that are looked at, until now; {DEFAULT_HOURS}"}
    )
    Value = Amount(
        metadata={"description": "What it is held against; percent where `Is` is of shares or changes"}
    )
    Minimum = WholeNumber(
        0,
        10**9,
        metadata={
            "description": f"Of percents: below this number nothing is bad, since few events come by chance; {DEFAULT_MINIMUM}"
        },
    )
    Event = Text(1, MAX_NAME_BYTES, False, metadata={"description": "Name of the events"})
    Measure = Text(
        1, 300, metadata={"description": "A measure of `reports.trend`; `events`", "pattern": MEASURE_PATTERN}
    )
    Where = WhereParam(
        INVALID_WHERE,
        metadata={
            "type": ["array", "string"],
            "items": {"type": ["object", "array"]},
            "description": f"Conditions, as in reports: `{EXAMPLE}`",
        },
    )
    GoalID = WholeNumber(1, metadata={"description": "Goal that `conversions` and `rate` count"})
    SegmentID = WholeNumber(1, metadata={"description": "Only people of this segment"})
    Currency = Text(1, 16, metadata={"description": "Of `revenue`; without it the list's"})
    To = SomeAddresses()
    URL = Text(
        1, metadata={"description": "Where a signed POST goes, at an address that the administrator allows"}
    )
    IsActive = YesOrNo(metadata={"description": "Whether it is looked at; false: it is paused"})


def made_rule(params: Mapping[str, Any], before: AlertRule | None = None) -> AlertRule:
    """Return the rule of a call, whose parameters go over those of the rule before; with `Kind` it is given anew.

    Raises CommandError (14, 15, 18, 21, 22, 26).
    """
    kind = params.get("Kind") or (before.kind if before else NUMBER)
    kept = asdict(before) if before and "Kind" not in params else {}
    sent = {column: params[name] for name, column in COLUMNS.items() if name in params}
    if "where" in sent:
        sent["where"] = rule_of(sent["where"]) or None
    word = sent.get("word") or kept.get("word") or (NOT_SEEN if kind == SILENCE else None)
    if word is None:
        raise CommandError(MISSING_IS)
    if word not in WORDS[kind]:
        raise CommandError(because(INVALID_IS, f"of {kind} it is one of {', '.join(WORDS[kind])}"))
    allowed = _allowed(kind, word)
    for name, column in COLUMNS.items():
        if sent.get(column) is not None and column not in allowed:
            raise CommandError(because(NOT_OF_KIND, f"{name} with {kind}, {word}"))
    values = {column: value for column, value in {**kept, **sent}.items() if column in allowed}
    return _whole(AlertRule(**{**values, "kind": kind, "word": word}))


def _allowed(kind: str, word: str) -> set[str]:
    found = {"word", "hours"} | ({"value"} if word in VALUED else set())
    found |= {"minimum"} if word in WITH_MINIMUM else set()
    return found | (_OF_NUMBERS if kind == NUMBER else {"event"} if kind == SILENCE else set())


def _whole(rule: AlertRule) -> AlertRule:
    """Return the rule with what goes without saying. Raises CommandError (18, 21, 22)."""
    if rule.word == LESS_THAN_USUAL and rule.value is None:
        rule = replace(rule, value="50")
    if rule.word in VALUED and rule.value is None:
        raise CommandError(MISSING_VALUE)
    if rule.word in WITH_MINIMUM and rule.minimum is None:
        rule = replace(rule, minimum=DEFAULT_MINIMUM)
    if rule.kind == SILENCE and rule.event is None:
        raise CommandError(MISSING_EVENT)
    if rule.kind != NUMBER:
        return rule
    rule = replace(rule, measure=rule.measure or "events")
    try:
        measure_of(str(rule.measure))
    except BadQuestion as fault:
        raise CommandError(because(INVALID_MEASURE, fault.reason)) from None
    return rule


def check_rule(command: Command, list_id: int, rule: AlertRule) -> None:
    """Ask what the alert will ask, as it will. Raises CommandError (27, 33, 403); that reports are away now is no fault."""
    if rule.kind != NUMBER:
        return
    if not command.services.analytics.is_installed():
        raise CommandError(NOT_INSTALLED)
    if not command.caller.may(READS):
        raise CommandError(
            hinted(FORBIDDEN, f"An alert shows numbers: they are seen with the permission {READS}")
        )
    try:
        read_rule(asked_by_share(command, list_id), list_id, rule)
    except CommandError as refused:
        if refused.status >= 500:
            return
        [row, *_] = refused.errors
        reason = f"{row.message} (error {row.code} of reports.trend)"
        raise CommandError(hinted(because(REFUSED, reason), row.hint)) from None


def checked_target(command: Command, url: str) -> str:
    """Return a URL that may be called. Raises CommandError (29) with the reason."""
    try:
        command.services.triggers.allowed.checked(url)
    except TargetRefused as refusal:
        raise CommandError(because(INVALID_URL, str(refusal))) from None
    return url
