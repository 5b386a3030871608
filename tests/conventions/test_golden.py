"""Is what clients rely on still as it was? A change is made on purpose, and seen in the file's history."""

from __future__ import annotations

import difflib

from tests.conventions.golden import COMMAND, FILE, render


def test_names_addresses_permissions_limits_and_codes_are_as_they_were() -> None:
    before, now = FILE.read_text().splitlines(), render().splitlines()
    changed = "\n".join(difflib.unified_diff(before, now, FILE.name, "the commands", lineterm=""))
    assert not changed, f"if this is meant: {COMMAND}\n{changed}"
