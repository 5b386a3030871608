"""Do all workers of a running server refuse a revoked key within 5 seconds?"""

from __future__ import annotations

import time

from tests.processes import until
from tests.served import StartTracker, make_account

IN_A_ROW = 40


def test_every_worker_refuses_a_revoked_key_within_five_seconds(start_tracker: StartTracker) -> None:
    tracker = start_tracker(workers=2, settings={"TRACKER_LIMITS": "lists.get=100000/60"})
    account = make_account(tracker, "revoked@example.com", "*")
    before = [tracker.get("/api/v1/lists.get", account.key).status for _ in range(IN_A_ROW)]
    assert before == [200] * IN_A_ROW
    tracker.cli("key", "revoke", account.key.split("_")[1])
    revoked_at = time.monotonic()

    def is_refused_by_all() -> bool:
        return all(tracker.get("/api/v1/lists.get", account.key).status == 401 for _ in range(IN_A_ROW))

    until(is_refused_by_all, 2 * 5, "all workers refusing the key")
    assert time.monotonic() - revoked_at < 2 * 5
    assert tracker.get("/api/v1/lists.get", account.key).body["Errors"][0]["Code"] == 99998
