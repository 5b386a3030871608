"""Is the script that is served small, made from this source, and kept for ever by those who pinned it?"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tests.browser.npm import package
from tests.processes import find_program
from tests.served import ROOT, Tracker
from tracker.browser import STATIC, current, pinned_path, scripts, snippet

FOLDER = STATIC.parent
MAX_BYTES = 2304
#: Every release, by hash and SHA-256. Pages load them with a checksum: a line is added with each, and none ever goes.
RELEASED = dict(
    line.split() for line in Path(__file__).with_name("released.txt").read_text().splitlines() if line
)


def test_it_is_small_and_its_size_is_told_as_it_is() -> None:
    size = len(gzip.compress(current().body, 9, mtime=0))
    assert size <= MAX_BYTES
    for page in ("README.md", "docs/browser.md"):
        assert f"{size:,}" in (ROOT / page).read_text(), page


def test_the_first_line_of_the_snippet_is_short_and_its_size_is_told_as_it_is() -> None:
    """A pinned page's loads nothing."""
    where = ("https://events.example.com/tracker.js", "https://events.example.com/t/nJ0xW2bq_3Zt8Jm1")
    lines = [snippet(*where, pinned=pinned).split("\n")[0] for pinned in (None, current())]
    usual, pinned = (line.removeprefix("<script>").removesuffix("</script>") for line in lines)
    page = " ".join((ROOT / "docs/browser.md").read_text().split())
    assert f"is {len(usual)} characters" in page
    assert f"and {len(pinned)} in a page with a pinned release" in page
    assert usual.replace(usual[usual.index(";try{") : usual.index("})(window")], "") == pinned
    assert "src" not in pinned


def test_it_is_not_stale_as_far_as_one_can_tell_without_node() -> None:
    record = json.loads((STATIC / "current.json").read_text())
    made_from = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in record["sources"]}
    assert set(made_from) == {"source.js", "build.mjs", "package-lock.json"}
    assert made_from == record["sources"], "make browser"


def test_made_again_it_has_the_same_bytes() -> None:
    """With the minifier of the lock file, installed here if it is not there yet."""
    package("terser")
    command = [find_program("node", "nodejs"), str(FOLDER / "build.mjs"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_release_is_there_as_it_was_and_every_file_is_a_release() -> None:
    there = {name: hashlib.sha256(script.body).hexdigest() for name, script in scripts().items()}
    assert there == RELEASED
    assert all(digest.startswith(name) for name, digest in there.items())


def test_the_plain_path_is_asked_for_again_within_the_hour(tracker: Tracker) -> None:
    answer = tracker.get("/tracker.js")
    assert (answer.status, answer.raw) == (200, current().body)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Encoding"] == "gzip"
    again = tracker.get("/tracker.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    plain = tracker.get("/tracker.js", headers={"Accept-Encoding": "identity"})
    assert (plain.raw, plain.headers.get("Content-Encoding")) == (current().body, None)
    assert plain.headers["ETag"] != answer.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("name", list(RELEASED))
def test_every_release_is_served_for_ever(tracker: Tracker, name: str) -> None:
    script = scripts()[name]
    answer = tracker.get(pinned_path("/tracker.js", script), headers={"Origin": "https://shop.example"})
    assert (answer.status, answer.raw) == (200, script.body)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert tracker.get("/tracker.0000000000000000.js").status == 404


def test_the_snippet_escapes_what_it_is_given() -> None:
    lines = snippet('https://a.example/"x"<.js', "https://a.example/t/1&2")
    assert 'src="https://a.example/&quot;x&quot;&lt;.js"' in lines
    assert 'data-to="https://a.example/t/1&amp;2"' in lines
