"""Known actors: who the people and visitors in an answer of the reports engine are, as the truth has them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tracker.storage.engine import Transaction
from tracker.storage.subscribers import identity_rows


class KnownSubscriber(NamedTuple):
    """A subscriber with the names they are known by."""

    id: int
    email: str | None
    external_id: str | None


class KnownActors(NamedTuple):
    """{number: subscriber} of those who exist, and {number of a visitor: uuid}."""

    subscribers: dict[int, KnownSubscriber]
    uuids: dict[int, bytes]

    def has(self, actor: Mapping[str, Any]) -> bool:
        """Whether an actor of the answer is still there. The answer is some seconds old: whoever was deleted since is not told."""
        if actor["person"] is not None:
            return actor["person"] in self.subscribers
        return actor["visitor"] in self.uuids


def read_actors(transaction: Transaction, list_id: int, actors: Iterable[Mapping[str, Any]]) -> KnownActors:
    """Return the subscribers and visitors that the `person` and `visitor` of these rows name."""
    listed = list(actors)
    keys = {(list_id, actor["person"]) for actor in listed if actor["person"] is not None}
    rows = identity_rows.find_subscribers_by_id(transaction, keys)
    visitors = (actor["visitor"] for actor in listed if actor["visitor"] is not None)
    subscribers = {row[1]: KnownSubscriber(row[1], row[2], row[4]) for row in rows}
    return KnownActors(subscribers, identity_rows.uuids_of(transaction, list_id, visitors))
