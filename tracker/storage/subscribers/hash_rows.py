"""Email hashes: the SHA-256 of each form of a subscriber's address, written in the transaction that sets the address."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from tracker.domain.provenance import By
from tracker.formats.email_hash import Form, email_hashes
from tracker.storage.engine.transaction import Row, Transaction

COLUMNS = ("list_id", "email_hash", "form", "subscriber_id")
#: The first form that some subscriber has, and whether two have it: enough to tell whom a hash means.
_FIRST = (
    f"SELECT * FROM (SELECT {', '.join(COLUMNS)} FROM subscriber_hashes WHERE list_id = ? AND email_hash = ?"
    " ORDER BY form, subscriber_id LIMIT 2) AS found"
)


def add_hashes(
    transaction: Transaction, subscribers: Iterable[tuple[int, int, str | None]], by: By = By.CREDENTIAL
) -> None:
    """Add the hashes of subscribers (list_id, id, address as email), set by `by`; those without an address have none."""
    transaction.insert_missing("subscriber_hashes", COLUMNS, _rows(subscribers, by))


def remove_hashes(transaction: Transaction, list_id: int, subscriber_id: int, email: str | None) -> None:
    """Delete the hashes of an address that a subscriber loses, whoever had set it."""
    rows = [row for by in By for row in _rows([(list_id, subscriber_id, email)], by)]
    transaction.remove("subscriber_hashes", COLUMNS, sorted(rows))


def find_hashes(transaction: Transaction, keys: Iterable[tuple[int, bytes]]) -> list[Row]:
    """Return at most two rows of COLUMNS for each (list_id, hash), of the first form in which a subscriber has it.

    All forms of addresses set by credentials come before those of addresses set by public events.
    """
    size = transaction.engine.lookup_batch
    found: list[Row] = []
    for _, of_list in groupby(sorted(set(keys)), lambda key: key[0]):  # one statement is of one list
        wanted = list(of_list)
        for start in range(0, len(wanted), size):
            part = wanted[start : start + size]
            found += transaction.select(_first_of_each(len(part)), [value for key in part for value in key])
    return [(row[0], bytes(row[1]), (row[2] - 1) % len(Form) + 1, row[3]) for row in found]


def _rows(subscribers: Iterable[tuple[int, int, str | None]], by: By) -> list[Row]:
    return [
        (list_id, digest, by * len(Form) + form, subscriber_id)
        for list_id, subscriber_id, email in subscribers
        if email is not None
        for digest, form in email_hashes(email).items()
    ]


@lru_cache(maxsize=1000)
def _first_of_each(count: int) -> str:
    return " UNION ALL ".join([_FIRST] * count)
