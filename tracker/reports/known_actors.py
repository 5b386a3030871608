"""Known actors: who the people and visitors in an answer of the reports engine are, as the truth has them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tracker.reports.ownership import KnownSubscriber, existing
from tracker.storage.engine import Transaction
from tracker.storage.subscribers import identity_rows


class KnownActors(NamedTuple):
    """{number: subscriber} of those who exist, and {number of a visitor: uuid}."""

    subscribers: dict[int | None, KnownSubscriber]
    uuids: dict[int, bytes]

    def has(self, actor: Mapping[str, Any]) -> bool:
        """Whether an actor of the answer is still there. The answer is some seconds old: whoever was deleted since is not told."""
        if actor["person"] is not None:
            return actor["person"] in self.subscribers
        return actor["visitor"] in self.uuids


def read_actors(transaction: Transaction, list_id: int, actors: Iterable[Mapping[str, Any]]) -> KnownActors:
    """Return the subscribers and visitors that the `person` and `visitor` of these rows name."""
    listed = list(actors)
    subscribers = existing(transaction, list_id, (actor["person"] for actor in listed))
    visitors = (actor["visitor"] for actor in listed if actor["visitor"] is not None)
    return KnownActors(subscribers, identity_rows.uuids_of(transaction, list_id, visitors))
