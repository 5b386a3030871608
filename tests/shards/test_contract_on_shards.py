"""Does the contract hold where lists are spread, with each transaction in one shard? Other tests are run, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

from tests.faults.run_length import IS_LONG
from tests.served import ROOT

#: Tests that write in many ways: events of all kinds in groups and batches, fields, erasure, and what deletes.
WATCHED = (
    "tests/contract/test_batch_in_trouble.py", "tests/contract/test_names.py", "tests/commands/test_subscriber_delete.py",
    "tests/commands/test_website_events_remove.py",
)  # fmt: skip
#: Tests of the commonest calls, each file on a database of its own over two servers.
SPREAD = (
    "tests/contract/test_names.py", "tests/contract/test_hashes.py", "tests/contract/test_identity_rules.py",
    "tests/contract/test_stored_counts.py",
)  # fmt: skip
ALL = ("tests/contract",)


def test_a_transaction_touches_one_shard() -> None:
    _run(ALL if IS_LONG else WATCHED, "sqlite or not mariadb", TESTS_SHARDS="2")


@pytest.mark.mariadb
def test_the_contract_holds_on_spider() -> None:
    _run(ALL if IS_LONG else SPREAD, "mariadb", TESTS_SHARDS="2", TESTS_SPREAD="1")


def _run(tests: Sequence[str], kind: str, **environment: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-k", kind, *tests]
    inherited: Mapping[str, str] = {n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=ROOT, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
