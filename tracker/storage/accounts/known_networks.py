"""From where has a user logged in before? Hashes only: a place is remembered, not where anybody was."""

from __future__ import annotations

import hashlib

from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.trusted_time import trusted
from tracker.storage.schema.models import KnownNetworkRow

#: A place is forgotten when nobody has logged in from it for so long.
KEPT_MS = 90 * 24 * 3600 * 1000


def is_known(transaction: Transaction, user_id: int, place: str) -> bool:
    """Whether this user has logged in from `place` within KEPT_MS before the user's last login."""
    query = KnownNetworkRow.select(KnownNetworkRow.last_at).where(_is(user_id, place))
    return transaction.row(query) is not None


def remember(transaction: Transaction, user_id: int, place: str, now: int) -> None:
    """Remember that the user has logged in from `place`, and forget the user's old places."""
    forgotten = trusted(transaction, now) - KEPT_MS
    transaction.run(
        KnownNetworkRow.delete().where(
            KnownNetworkRow.user_id == user_id, KnownNetworkRow.last_at < forgotten
        )
    )
    if is_known(transaction, user_id, place):
        transaction.run(KnownNetworkRow.update(last_at=now).where(_is(user_id, place)))
    else:
        transaction.run(
            KnownNetworkRow.insert(user_id=user_id, place_hash=_place_hash(user_id, place), last_at=now)
        )


def _is(user_id: int, place: str) -> object:
    return (KnownNetworkRow.user_id == user_id) & (KnownNetworkRow.place_hash == _place_hash(user_id, place))


def _place_hash(user_id: int, place: str) -> bytes:
    """Another one for each user: whose places are the same cannot be seen."""
    return hashlib.sha256(f"{user_id} {place}".encode()).digest()
