"""Report cursors: the number of the row at which a page begins, good for one question alone.

A cursor also holds the time at which the first page was asked for, so that `today` and `-14d` stay what they were. It is no
secret: one that somebody makes up only names another row of an answer that its caller may read anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from tracker import Command
from tracker.api.report_params import INVALID_CURSOR, own_list_id
from tracker.domain.cursors import cursor_of, numbers_in
from tracker.errors import CommandError
from tracker.questions.question import MAX_OFFSET

#: Milliseconds for which a cursor is good.
LASTS_MS = 24 * 60 * 60 * 1000
#: Parameters that may differ from page to page.
_FREE = ("Cursor", "Limit", "Format")


class Page(NamedTuple):
    """The first row of a page, and the time at which the question was asked first."""

    offset: int
    now: int


def page_of(command: Command, params: dict[str, Any]) -> Page:
    """Return where the page begins. Raises CommandError (3), and (25) for a cursor of another question or one that is too old."""
    now, list_id = command.now, own_list_id(command, params)
    if "Cursor" not in params:
        return Page(0, now)
    numbers = numbers_in(list_id, question_number(command.name, params), params["Cursor"], 2)
    if numbers is None or not 1 <= numbers[0] <= MAX_OFFSET or not now - LASTS_MS <= numbers[1] <= now:
        raise CommandError(INVALID_CURSOR)
    return Page(*numbers)


def cursor_after(command: Command, params: dict[str, Any], page: Page, rows: int) -> str | None:
    """Return the cursor after a page with so many rows; None after one that is not full, and where no more are answered."""
    offset = page.offset + rows
    if rows < params["Limit"] or offset > MAX_OFFSET:
        return None
    return cursor_of(params["ListID"], question_number(command.name, params), (offset, page.now))


def note_of_cut(
    params: Mapping[str, Any], page: Page, rows: int, cursor: str | None, total: int | None = None
) -> str:
    """Return the note that a table, which has no place for it, ends before the last row; "" if it does not.

    `total` is the number of rows on all pages, if it is known.
    """
    last = page.offset + rows
    if rows < params["Limit"] or (total is not None and last >= total):
        return ""
    of, then = ("", "more may follow") if total is None else (f" of {total}", "more follow")
    how = "narrow the question" if cursor is None else f"send Cursor={cursor}"
    return f"rows {page.offset + 1} to {last}{of}, {then}: {how}"


def question_number(name: str, params: Mapping[str, Any]) -> int:
    """Return a number that stands for the command and the parameters of a question."""
    asked = {key: value for key, value in params.items() if key not in _FREE}
    digest = hashlib.sha256(orjson.dumps([name, asked], option=orjson.OPT_SORT_KEYS)).digest()
    return int.from_bytes(digest[:8])
