"""Does the bench still run, count what is stored, and fail loudly?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.load import BenchFailed, load
from bench.site import make_site
from tests.served import ROOT

#: These use all that the others use.
PARTS = ("live", "growth", "timeline", "reports")
#: Few connections: a machine that is busy with other tests answers full batches of 32 too late.
QUICK = ("--turns", "1", "--seconds", "0.2", "--scale", "0.001", "--millions", "0.1", "--connections", "2")


def test_parts_run_from_end_to_end() -> None:
    """In one run, as `make bench` does: a part that fails is named and ends it."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench", *PARTS, *QUICK],
        cwd=ROOT,
        env={**os.environ, "WEB_CONCURRENCY": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert [part for part in PARTS if f"`python -m bench {part}" not in ended.stdout] == []


def test_answers_that_are_not_2xx_fail_the_run(tmp_path: Path) -> None:
    site = make_site(tmp_path, scale=0.001)
    with (
        site.database("limited").serve(TRACKER_LIMITS="event.track=1/60") as url,
        pytest.raises(BenchFailed, match="not with 2xx"),
    ):
        load(url, site, "event", requests=200)
