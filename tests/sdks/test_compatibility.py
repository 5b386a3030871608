"""Does docs/sdks.md name every client that is tried, at the version that is tried?"""

from __future__ import annotations

from tests.sdks.compatibility import rows_in_docs, title_of
from tests.sdks.real_clients import CLIENTS, SCRIPTS, script_of, version_of


def test_the_table_has_every_client_at_its_version() -> None:
    told = {title: row.split(" | ")[1] for title, row in rows_in_docs().items()}
    assert told == {title_of(name): version_of(name) for name in CLIENTS}


def test_every_script_is_run() -> None:
    assert sorted(SCRIPTS.iterdir()) == sorted(map(script_of, CLIENTS))
