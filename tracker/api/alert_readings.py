"""Alert readings: what an alert looks at, read from reports, counters or the inbox of refused events."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from tracker import Command
from tracker.api.alert_words import reading_words
from tracker.api.saved_report_params import report_of
from tracker.api.share_params import READS
from tracker.domain.alert_rule import (
    COMPARED,
    HOUR_MS,
    NEW_ORIGIN,
    NOT_SEEN,
    NUMBER,
    SHARE_ABOVE,
    SILENCE,
    AlertReading,
    AlertRule,
)
from tracker.domain.conversions import bucket_of
from tracker.errors import CommandError
from tracker.questions.local_days import local_time, moment_of, zone_of
from tracker.storage import rejections
from tracker.storage.accounts import ListSettings, read_names
from tracker.storage.aggregates import counters
from tracker.storage.engine import Transaction
from tracker.times import iso_utc

#: The report that numbers are read from.
REPORT = "reports.trend"
#: Weeks whose same hours are what is usual, and how many of them have to have any event.
WEEKS, LEAST_WEEKS = 4, 2
#: Origins that a reading names.
MAX_NAMES = 5
#: Milliseconds by which an event may be dated ahead of the clock.
AHEAD_MS = HOUR_MS


class _Trouble(Exception):
    """Nothing can be said: the text says why."""


def read_alert(asking: Command, list_id: int, rule: AlertRule) -> AlertReading:
    """Return what an alert looks at, as `read_rule` does; its trouble, where the report refuses it."""
    try:
        return read_rule(asking, list_id, rule)
    except CommandError as refused:
        [row, *_] = refused.errors
        return AlertReading(None, trouble=f"{row.message} (error {row.code})")


def read_rule(asking: Command, list_id: int, rule: AlertRule) -> AlertReading:
    """Return what a rule looks at now. `asking` is the report REPORT of a call by whoever looks.

    Raises CommandError where the report refuses it, and StorageUnavailable.
    """
    services, now = asking.services, asking.now
    settings = services.stores.list_settings.of(list_id, asking.deadline)
    try:
        if rule.kind == NUMBER:
            found = _number(rule, _asked(asking, list_id, rule), settings.currency)
        else:
            read: Callable[[Transaction], AlertReading]
            read = partial(_refusals, list_id=list_id, rule=rule, now=now)
            if rule.kind == SILENCE:
                read = partial(_silence, list_id=list_id, rule=rule, settings=settings, now=now)
            found = services.storage.read(read, asking.deadline)
    except _Trouble as trouble:
        return AlertReading(None, trouble=str(trouble))
    return replace(found, words=reading_words(rule, found))


def asked_by_share(command: Command, list_id: int) -> Command:
    """Return the report as a command's caller makes a share link ask it, or an alert: it sees numbers of the list alone."""
    may = frozenset({READS} if command.caller.may(READS) else ())
    caller = command.caller.as_share(list_id, 0, may)
    entry = report_of(command, REPORT)
    return entry.command(caller, command.services, command.now, deadline=command.deadline)


def _asked(asking: Command, list_id: int, rule: AlertRule) -> Mapping[str, Any]:
    sent = {
        "ListID": list_id,
        "From": iso_utc(asking.now - rule.window_ms),
        "To": iso_utc(asking.now),
        "Compare": "previous" if rule.word in COMPARED else "none",
        "Interval": "none",
        "Measures": [rule.measure],
        "Event": rule.event,
        "Where": rule.where,
        "GoalID": rule.goal_id,
        "SegmentID": rule.segment_id,
    }
    params = report_of(asking, REPORT).params
    answer = asking.run(params.read({name: value for name, value in sent.items() if value is not None}))
    if not isinstance(answer, Mapping) or answer["Status"] != "ready":
        raise _Trouble("the copy of the list for reports is being built")
    return answer


def _number(rule: AlertRule, answer: Mapping[str, Any], currency: str) -> AlertReading:
    [series] = answer["Series"]
    value = _amount(series["Total"], rule.currency or currency)
    if rule.word not in COMPARED:
        return AlertReading(value)
    return AlertReading(value, _amount((series["Before"] or {}).get("Total"), rule.currency or currency))


def _amount(total: Any, currency: str) -> str:
    """Return a total as a decimal; of money that of one currency, which is the only one where none is named."""
    if isinstance(total, Mapping):
        if not currency and len(total) > 1:
            raise _Trouble("there are several currencies: name one, or set the list's")
        total = total.get(currency, 0) if currency else next(iter(total.values()), 0)
    if total is None:
        raise _Trouble("there is no event to read a number of")
    return str(Decimal(str(total)))


def _silence(
    transaction: Transaction, list_id: int, rule: AlertRule, settings: ListSettings, now: int
) -> AlertReading:
    """Count events by the quarters of an hour in which they happened, in whichever spelling of their name."""
    names = read_names(transaction, list_id).spellings.of_event(str(rule.event))
    count = partial(counters.events_named, transaction, list_id, names)
    if rule.word == NOT_SEEN:
        return AlertReading(str(count(bucket_of(now - rule.window_ms), now + AHEAD_MS)))
    ends = bucket_of(now)
    usual = [
        count(begun, begun + rule.window_ms)
        for begun in _weeks_before(ends - rule.window_ms, settings.timezone)
        if begun >= (settings.events_from or 0)
    ]
    kept = [each for each in usual if each]
    if len(kept) < LEAST_WEEKS:
        raise _Trouble(
            f"nothing is usual yet: the event came in these hours in {len(kept)} of the last {WEEKS} weeks,"
            f" and {LEAST_WEEKS} are needed"
        )
    return AlertReading(str(count(ends - rule.window_ms, ends)), str(Decimal(str(statistics.median(kept)))))


def _weeks_before(begins: int, zone_name: str) -> list[int]:
    """Return the same time by the list's clock in the weeks before, as buckets begin."""
    zone = zone_of(zone_name)
    local = local_time(begins, zone)
    weeks = (local.replace(tzinfo=None) - timedelta(days=7 * week) for week in range(1, WEEKS + 1))
    return [bucket_of(moment_of(each, zone)) for each in weeks]


def _refusals(transaction: Transaction, list_id: int, rule: AlertRule, now: int) -> AlertReading:
    """Count refused events by the hours in which they came: the hour in which the window begins counts whole."""
    since = now - rule.window_ms
    found = [each for each in rejections.of_list(transaction, list_id, since) if each.reason.isdigit()]
    if rule.word == NEW_ORIGIN:
        senders = {each.sender for each in found if each.first_at >= since}
        origins = sorted(each[len(_ORIGIN) :] for each in senders if each.startswith(_ORIGIN))
        return AlertReading(str(len(origins)), names=tuple(origins[:MAX_NAMES]))
    numbers = {each.id for each in found}
    hours = rejections.hours_of(transaction, list_id, since)
    refused = sum(sum(by_hour.values()) for number, by_hour in hours.items() if number in numbers)
    if rule.word != SHARE_ABOVE:
        return AlertReading(str(refused))
    begins = bucket_of(since - since % HOUR_MS)
    stored = counters.events_from_bucket(transaction, list_id, begins)
    return AlertReading(str(refused), str(refused + stored))


#: How the sender of a page's events begins.
_ORIGIN = f"{rejections.ORIGIN} "
