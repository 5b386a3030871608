"""How do the tests of faults report what they have seen? With figures that `make faults` prints as tables."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest

from tests.faults.run_length import SEED
from tests.faults.tables import Report, table


@pytest.fixture
def report(record_property: Any) -> Report:
    """`report("what", figure=1, …)`, or for another table `report("fault", of="mutation", …)`."""

    def note(what: str, of: str = "faults", **figures: Any) -> None:
        record_property("faults", json.dumps([of, {"what": what, **figures}]))

    return note


#: Another folder whose tests report has the same hook: they tell once.
_IS_TOLD = pytest.StashKey[bool]()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not terminalreporter.config.stash.get(_IS_TOLD, False):
        terminalreporter.config.stash[_IS_TOLD] = True
        _tell(terminalreporter)


def _tell(terminalreporter: Any) -> None:
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for outcome in ("passed", "failed"):
        for done in terminalreporter.stats.get(outcome, []):
            for name, value in done.user_properties if done.when == "call" else []:
                if name == "faults":
                    of, row = json.loads(value)
                    tables[of].append(row)
    for of, rows in tables.items():
        terminalreporter.section(f"{of} (seed {SEED})")
        for line in table(rows):
            terminalreporter.write_line(line)
    total = sum(row.get("acknowledged", 0) for rows in tables.values() for row in rows)
    if total:
        terminalreporter.write_line(f"{total} events acknowledged in all")
