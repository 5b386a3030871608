"""Do the three ways in lead a plugin's commands to the callers of a running Tracker?"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.plugins.packages import EXAMPLES, install_package
from tests.served import ROOT, Account, StartTracker, Tracker, make_account
from tests.servers import NewDatabase

FULL = 8


def test_a_module_in_commands(start_tracker: StartTracker, tmp_path: Path) -> None:
    for name in ("tracker", "commands"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "wsgi.py", tmp_path)
    shutil.copy(EXAMPLES / "ping.py", tmp_path / "commands")
    answers_to_ping(start_tracker(settings={"PYTHONPATH": str(tmp_path)}), "commands/ping.py")


def test_a_module_in_the_plugins_folder(start_tracker: StartTracker, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "ping.py", tmp_path)
    answers_to_ping(
        start_tracker(settings={"TRACKER_PLUGINS_FOLDER": str(tmp_path)}), str(tmp_path / "ping.py")
    )


def answers_to_ping(tracker: Tracker, origin: str) -> None:
    key = make_account(tracker, "jane@example.com").key
    assert tracker.call("system.ping", key, Say="hi").body == {"Pong": "hi"}
    assert tracker.post("/api/v1/System.Ping", key, data={"say": "ho"}).body == {"Pong": "ho"}
    assert tracker.call("system.ping", key).body == {
        "Errors": [{"Code": 1, "Message": "Missing Say parameter"}]
    }
    assert tracker.call("system.ping", Say="hi").status == 401
    [row] = [line for line in tracker.cli("commands").splitlines() if line.startswith("system.ping")]
    assert row.endswith(origin)


@pytest.fixture(scope="module")
def notes_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_package(EXAMPLES / "tracker-notes", tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def noted(
    start_tracker: StartTracker, notes_package: Path, database_kind: str, new_database: NewDatabase
) -> Tracker:
    """A Tracker with the installed notes plugin, once on each database."""
    return start_tracker(
        database_url=new_database(database_kind),
        workers=2,
        settings={
            "PYTHONPATH": f"{ROOT}:{notes_package}",
            "TRACKER_PLUGIN_NOTES_MOST": str(FULL),
        },
    )


@pytest.fixture(scope="module")
def writer(noted: Tracker) -> Account:
    return make_account(noted, "writer@example.com", "Notes.Write", "Notes.Read")


def test_an_installed_package_brings_a_table(noted: Tracker, writer: Account) -> None:
    for text in ("Grüße 😀", "grüße 😀", "Grüße 😀 "):
        assert noted.call("note.add", writer.key, ListID=writer.list_id, Text=text).status == 200
    answer = noted.get(f"/api/v1/notes?ListID={writer.list_id}", writer.key)
    assert [note["Text"] for note in answer.body["Notes"]] == ["Grüße 😀", "grüße 😀", "Grüße 😀 "]
    assert [note["Number"] for note in answer.body["Notes"]] == [1, 2, 3]


def test_its_migrations_are_applied_once_and_listed(noted: Tracker) -> None:
    assert noted.cli("db", "upgrade") == "Up to date"
    assert "note.add" in noted.cli("commands")


def test_it_has_a_get_command(noted: Tracker, writer: Account) -> None:
    path = f"/api/v1/notes.get?ListID={writer.list_id}"
    assert noted.get(path, writer.key).body == noted.post(path, writer.key).body
    assert noted.get("/api/v1/note.add", writer.key).status == 405
    assert noted.get("/api/v1/note.add", writer.key).headers["Allow"] == "POST"


def test_it_has_permissions_of_its_own(noted: Tracker, writer: Account) -> None:
    reader = noted.cli("key", "add", writer.email, "--permission", "Notes.Read")
    assert noted.get(f"/api/v1/notes?ListID={writer.list_id}", reader).status == 200
    refused = noted.call("note.add", reader, ListID=writer.list_id, Text="no")
    assert (refused.status, refused.codes) == (403, [403])


def test_it_has_error_codes_of_its_own(noted: Tracker, writer: Account) -> None:
    stranger = make_account(noted, "stranger@example.com", "*")
    add = lambda **params: noted.call("note.add", writer.key, **params)  # noqa: E731 - it is read ten times
    assert add().codes == [1, 4]
    assert add(ListID="x", Text="").codes == [2, 5]
    assert add(ListID=writer.list_id, Text="x" * 251).codes == [5]
    others, missing = add(ListID=stranger.list_id, Text="x"), add(ListID=10**6, Text="x")
    assert others.raw == missing.raw
    assert missing.codes == [3]


def test_it_has_a_setting_of_its_own_and_holds_under_concurrency(noted: Tracker) -> None:
    """The key (ListID, Number) decides races between two worker processes: none is lost, none is stored twice."""
    crowd = make_account(noted, "crowd@example.com", "Notes.Write")
    with ThreadPoolExecutor(10) as threads:
        answers = list(
            threads.map(
                lambda n: noted.call("note.add", crowd.key, ListID=crowd.list_id, Text=str(n)),
                range(FULL + 5),
            )
        )
    added = sorted(answer.body["Number"] for answer in answers if answer.status == 200)
    assert added == list(range(1, FULL + 1))
    assert [(a.status, a.codes) for a in answers if a.status != 200] == [(409, [6])] * 5


def test_its_rate_limit_refuses_one_call_more(noted: Tracker) -> None:
    key = make_account(noted, "busy@example.com", "Notes.Write").key
    answers = [noted.call("note.add", key) for _ in range(21)]
    assert [answer.status for answer in answers] == [422] * 20 + [429]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"20"}


def test_it_appears_in_the_openapi_document(noted: Tracker) -> None:
    paths = noted.get("/api/v1/openapi.json").body["paths"]
    assert "get" in paths["/api/v1/notes"]
    assert "post" in paths["/api/v1/note.add"]
