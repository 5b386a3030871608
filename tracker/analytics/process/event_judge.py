"""Event judge: reads events from the truth and says which goals hold for them. No copy is needed, and none is built."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any

import duckdb

from tracker.analytics.copy.copied_rows import values_of
from tracker.analytics.copy.loading import fill_temporary
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.question_queue import QuestionRefused
from tracker.analytics.process.report_socket import UNAVAILABLE
from tracker.analytics.queries.event_match import COLUMNS, TABLE, matching_ids
from tracker.questions import BadQuestion, EventMatch, decode
from tracker.storage.accounts import read_names, read_settings
from tracker.storage.events import copied_events

#: Where id, name and properties stand among the values of copied rows.
_ID, _NAME, _PROPERTIES = 0, 2, 10


def judge_events(sent: Any, engine: duckdb.DuckDBPyConnection, truth: TruthReader) -> list[list[int] | None]:
    """Return for each goal of an encoded EventMatch the ids of the events that it holds for, or None. Raises QuestionRefused."""
    try:
        asked = decode(sent)
    except BadQuestion as failure:
        raise QuestionRefused(UNAVAILABLE, str(failure)) from failure
    if not isinstance(asked, EventMatch):
        raise QuestionRefused(UNAVAILABLE, "the question is about a copy")
    list_id = asked.list_id
    rows = truth.read(partial(copied_events.copied_of, list_id=list_id, event_ids=asked.event_numbers))
    values = values_of(rows, truth.read(partial(read_settings, list_id=list_id)))
    with closing(engine.cursor()) as cursor:
        fill_temporary(cursor, TABLE, COLUMNS, [values[each] for each in (_ID, _NAME, _PROPERTIES)])
        spellings = truth.read(partial(read_names, list_id=list_id)).spellings
        return matching_ids(cursor, asked.goals, spellings)
