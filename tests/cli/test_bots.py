"""Does `tracker bots recheck` say what it found, and change what it says?"""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell
from tracker.domain import user_agent
from tracker.domain.enrichment import enrich
from tracker.domain.event import Event
from tracker.ingest.service import Ingest
from tracker.storage.schema.own_database import own_database

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


def test_verdicts_are_made_anew_list_by_list(shell_on_each: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = shell_on_each
    shell.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    first, second = (int(shell.ok("list", "add", "jane@example.com", name)) for name in ("Shop", "Blog"))
    database = own_database(shell.settings["TRACKER_DATABASE_URL"])
    ingest = Ingest(database)
    monkeypatch.setattr(user_agent, "bot_reason", lambda text, is_image: "Chrome")
    user_agent.remembered_agent.cache_clear()
    for list_id in (first, first, second):
        ingest.track(
            enrich(Event(list_id, "seen", received_at=1_800_000_000_000, is_public=True), CHROME, None)
        )
    ingest.close()
    database.close()
    monkeypatch.undo()
    user_agent.remembered_agent.cache_clear()
    said = shell.ok("bots", "recheck", "--list", str(first), "--dry-run")
    assert (
        f"list {first}: 2 events of browsers checked; 2 would change from robot to person, 0 from person to robot"
        in said
    )
    assert f"list {second}: 1 events of browsers checked; 1 changed from robot to person" in shell.ok(
        "bots", "recheck"
    )
    assert f"list {first}: 2 events of browsers checked; 0 changed from robot to person" in shell.ok(
        "bots", "recheck"
    )
    assert "there is no list 99" in shell.fails("bots", "recheck", "--list", "99")
