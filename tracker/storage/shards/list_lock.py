"""Lock of a list: one row of the list's own tables, which transactions lock so that they change one list one after the other."""

from __future__ import annotations

from tracker.storage.engine.transaction import Transaction

#: Columns of a row of settings that have no default, and what they are as long as nobody has set them.
_NEEDED = {"allowed_origins": b"", "is_privacy_signal_honoured": 0, "is_address_kept": 0}


def lock_list(transaction: Transaction, list_id: int) -> None:
    """Lock the list's row of settings until the transaction ends; a list that has set nothing gets a row."""
    sql = f"SELECT list_id FROM list_settings WHERE list_id = ?{transaction.engine.for_update}"
    if not transaction.select(
        sql, (list_id,)
    ):  # the row is locked by being inserted, or by the insert that finds it
        transaction.insert_missing("list_settings", ("list_id", *_NEEDED), [(list_id, *_NEEDED.values())])
