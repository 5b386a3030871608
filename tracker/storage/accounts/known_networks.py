"""Known networks: from where a user has logged in before, as hashes that reveal no network."""

from __future__ import annotations

import hashlib

from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.trusted_time import trusted
from tracker.storage.schema.models import KnownNetworkRow

#: Milliseconds after the last login from it for which a network is remembered.
KEPT_MS = 90 * 24 * 3600 * 1000


def is_known(transaction: Transaction, user_id: int, network: str) -> bool:
    """Return whether this user has logged in from this network within KEPT_MS before the user's last login."""
    query = KnownNetworkRow.select(KnownNetworkRow.last_at).where(_is(user_id, network))
    return transaction.row(query) is not None


def remember(transaction: Transaction, user_id: int, network: str, now: int) -> None:
    """Store that the user has logged in from this network, and delete the user's expired ones."""
    forgotten = trusted(transaction, now) - KEPT_MS
    transaction.run(
        KnownNetworkRow.delete().where(
            KnownNetworkRow.user_id == user_id, KnownNetworkRow.last_at < forgotten
        )
    )
    if is_known(transaction, user_id, network):
        transaction.run(KnownNetworkRow.update(last_at=now).where(_is(user_id, network)))
    else:
        transaction.run(
            KnownNetworkRow.insert(user_id=user_id, network_hash=_network_hash(user_id, network), last_at=now)
        )


def _is(user_id: int, network: str) -> object:
    return (KnownNetworkRow.user_id == user_id) & (
        KnownNetworkRow.network_hash == _network_hash(user_id, network)
    )


def _network_hash(user_id: int, network: str) -> bytes:
    """Return a hash that differs for each user: shared networks cannot be seen."""
    return hashlib.sha256(f"{user_id} {network}".encode()).digest()
