"""What does whoever starts Tracker see of a broken plugin, and what a caller of one that breaks later?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.plugins.conftest import TrackerWithPlugins
from tests.processes import Program, until
from tests.served import StartTracker, Tracker, make_account

#: How a command can fail when it is called: `How` says which way to take.
UNRULY = '''"""Break in the way the caller asks for."""
import time
from marshmallow import Schema, ValidationError, fields, validates_schema
from tracker import Command, invalid

class Break(Command):
    """Break as asked."""
    name = "system.break"
    permission = None
    errors = (invalid("How", 1),)
    example = ({"How": "sleep"}, {"How": "sleep"})

    class Params(Schema):
        How = fields.String()

        @validates_schema
        def check(self, data, **_):
            if data["How"] == "check":
                raise ValidationError("no row")

    def run(self, params):
        how = params["How"]
        if how == "raise":
            raise OSError("secret cause")
        if how == "exit":
            raise SystemExit("secret cause")
        if how == "sleep":
            time.sleep(1)
        answers = {"list": ["not", "a", "dict"], "none": None, "object": {"How": object()}, "nan": {"How": float("nan")}}
        return answers.get(how, {"How": how})
'''


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Tracker]:
    """A Tracker that is not running, whose plugins folder has a plugin with a mistake in line 2."""
    (tmp_path / "broken.py").write_text("from tracker import Command\nclass Ping(Comand): pass\n")
    tracker = TrackerWithPlugins(settings={"TRACKER_PLUGINS_FOLDER": str(tmp_path)})
    yield tracker
    tracker.close()


def reason(tracker: Tracker) -> str:
    broken = Path(tracker.settings["TRACKER_PLUGINS_FOLDER"], "broken.py")
    return f"{broken}: NameError: name 'Comand' is not defined (broken.py, line 2)"


@pytest.mark.parametrize("arguments", [("commands",), ("db", "upgrade"), ("serve",)])
def test_the_script_stops_with_one_line(broken: Tracker, arguments: tuple[str, ...]) -> None:
    done = broken.run(*arguments)
    assert done.returncode != 0
    assert (done.stdout, done.stderr) == ("", f"Error: {reason(broken)}\n")


def test_a_server_stops_and_says_the_line(broken: Tracker) -> None:
    server = Program(broken.arguments(), broken.folder / "log", env=broken.environment(), cwd=broken.folder)
    until(lambda: server.exit_code is not None, 30, "the end of a server that cannot start")
    assert server.exit_code != 0
    assert reason(broken) in server.printed().splitlines()


@pytest.fixture(scope="module")
def unruly(start_tracker: StartTracker, tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    folder = tmp_path_factory.mktemp("unruly")
    (folder / "unruly.py").write_text(UNRULY)
    return start_tracker(settings={"TRACKER_PLUGINS_FOLDER": str(folder)})


@pytest.fixture(scope="module")
def key(unruly: Tracker) -> str:
    return make_account(unruly, "jane@example.com").key


@pytest.mark.parametrize("how", ["raise", "exit", "check", "list", "none", "object"])
def test_what_a_plugin_breaks_is_100005_and_says_nothing_of_the_cause(
    unruly: Tracker, key: str, how: str
) -> None:
    answer = unruly.call("system.break", key, How=how)
    [row] = answer.body["Errors"]
    assert (answer.status, row["Code"]) == (500, 100005)
    assert set(row) == {"Code", "Message", "RequestID"}
    assert "secret" not in answer.text
    assert any(record.get("request_id") == row["RequestID"] for record in unruly.records())


def test_it_serves_on_afterwards(unruly: Tracker, key: str) -> None:
    assert unruly.call("system.break", key, How="not").body == {"How": "not"}


def test_a_command_that_waits_lets_others_be_answered(unruly: Tracker, key: str) -> None:
    """One worker answers four calls that sleep a second each in less than the sum."""
    started = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: unruly.call("system.break", key, How="sleep"), range(4)))
    assert [answer.status for answer in answers] == [200] * 4
    assert time.monotonic() - started < 4
