"""Does `tracker import` store each event of a file once, whatever happens, and tell of each it refuses?"""

from __future__ import annotations

import itertools
import json
import os
import pty
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.cli.shell import Shell
from tests.processes import until
from tests.served import StartTracker
from tests.servers import MariaDB
from tests.storage.proxy import Proxy
from tracker.reports.ownership import SubscriberTimeline
from tracker.reports.timeline_pages import Wanted, read_page
from tracker.storage.schema.own_database import own_database
from tracker.storage.subscribers.custom_fields import CustomFields

EMAIL = "jane@example.com"
VISITOR = "550e8400-e29b-41d4-a716-446655440000"


class Importer:
    """A user with a list, and a folder with files to import."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        shell.ok("user", "add", EMAIL, "--password-stdin", typed="secret\n")
        self.list_id = int(shell.ok("list", "add", EMAIL, "Shop"))
        self.database = own_database(shell.settings["TRACKER_DATABASE_URL"])

    def file(self, name: str, *lines: Any) -> str:
        """A file with these lines; objects are written as JSON."""
        path = self.shell.folder / name
        path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines))
        return str(path)

    def arguments(self, file: str, *options: str) -> list[str]:
        return ["import", file, "--user", EMAIL, "--list", str(self.list_id), *options]

    def ok(self, file: str, *options: str, typed: str = "") -> str:
        return self.shell.ok(*self.arguments(file, *options), typed=typed)

    def rows(self, columns: str = "name", list_id: int | None = None) -> list[tuple[Any, ...]]:
        sql = f"SELECT {columns} FROM events WHERE list_id = ? ORDER BY id"
        return self.database.read(lambda transaction: transaction.select(sql, (list_id or self.list_id,)))

    def names(self) -> list[str]:
        return [bytes(name).decode() for (name,) in self.rows()]


def imported(shell: Shell) -> Iterator[Importer]:
    importer = Importer(shell)
    yield importer
    importer.database.close()


@pytest.fixture
def jane(shell: Shell) -> Iterator[Importer]:
    yield from imported(shell)


@pytest.fixture
def jane_on_each(shell_on_each: Shell) -> Iterator[Importer]:
    """The test runs once for each kind of database."""
    yield from imported(shell_on_each)


def rejected(path: str) -> list[tuple[int, list[int], str]]:
    """(line, codes, what was sent) of each line in a file of rejected lines."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [(line["Line"], [row["Code"] for row in line["Errors"]], line["Sent"]) for line in lines]


def test_lines_become_events_once(jane_on_each: Importer) -> None:
    jane = jane_on_each
    same = {"Event": "same"}
    file = jane.file(
        "a.ndjson", {"event": "a", "uuid": VISITOR, "Properties": {"x": 1}}, same, {"Event": "b", "EventID": "mine"}, same, "",
        {"Event": "c", "Email": "p@example.com"}, same, {"Event": "t", "Properties": {"isTest": True}},
    )  # fmt: skip
    assert jane.ok(file) == "Stored 6 events; 0 were there already; 1 test events were checked only.\n"
    assert jane.names() == ["a", "same", "b", "same", "c", "same", "identify"]
    assert jane.ok(file) == "Stored 0 events; 6 were there already; 1 test events were checked only.\n"
    assert len(jane.names()) == 7
    assert not Path(f"{file}.rejected").exists()


def test_more_of_the_same_lines_are_more_events(jane: Importer) -> None:
    same = {"Event": "same"}
    jane.ok(jane.file("a.ndjson", same, same))
    assert jane.ok(jane.file("b.ndjson", same, {"Event": "new"}, same, same)).startswith(
        "Stored 2 events; 2 were"
    )
    assert sorted(jane.names()) == ["new", "same", "same", "same"]


def test_a_thousand_lines_in_several_groups(jane_on_each: Importer) -> None:
    lines = [
        {"Event": f"e{number % 7}", "UUID": VISITOR, "Timestamp": 1_790_000_000 + number}
        for number in range(1203)
    ]
    file = jane_on_each.file("a.jsonl", *lines)
    assert jane_on_each.ok(file).startswith("Stored 1,203 events")
    assert [at for (at,) in jane_on_each.rows("event_at")] == [line["Timestamp"] * 1000 for line in lines]  # type: ignore[operator]
    assert (
        jane_on_each.shell.ok("db", "check")
        == f"list 1: 0 events, no difference\nlist {jane_on_each.list_id}: 1,203 events, no difference\n"
    )


def test_refused_lines_are_told_with_their_reasons(jane: Importer) -> None:
    other = jane.shell.ok("user", "add", "ann@example.com", "--password-stdin", typed="secret\n")
    other = jane.shell.ok("list", "add", "ann@example.com", "Other").strip()
    lines = [
        {"Event": "good", "EventID": "1"}, {"Event": " ", "Email": "x"}, "no json", {"Event": "other", "EventID": "1"},
        {"Event": "a", "ListID": int(other)}, {"Event": "a", "Timestamp": "1999-01-01T00:00:00Z"}, {"Event": "good é", "EventID": "2"},
        {"Event": "conversion"},
    ]  # fmt: skip
    file = jane.file("a.ndjson", *lines)
    done = jane.shell.run(*jane.arguments(file))
    assert (done.exit_code, done.stdout) == (3, "Stored 2 events; 0 were there already.\n")
    assert done.stderr == f"Error: 6 of 8 lines were rejected: see {file}.rejected\n"
    sent = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    assert rejected(f"{file}.rejected") == [
        (2, [5, 7], sent[1]), (3, [100000], "no json"), (4, [17], sent[3]), (5, [4], sent[4]), (6, [18], sent[5]), (8, [8, 9, 10], sent[7]),
    ]  # fmt: skip
    assert jane.names() == ["good", "good é"]


def test_the_rejected_file_can_be_chosen_and_never_stays_from_before(jane: Importer) -> None:
    chosen = str(jane.shell.folder / "bad lines")
    jane.shell.run(*jane.arguments(jane.file("a.ndjson", "x"), "--rejected", chosen))
    assert rejected(chosen) == [(1, [100000], "x")]
    jane.ok(jane.file("a.ndjson", {"Event": "x"}), "--rejected", chosen)
    assert not Path(chosen).exists()


def test_a_link_in_the_place_of_the_rejected_file_is_followed_only_if_it_is_chosen(jane: Importer) -> None:
    """In a folder of all, such as /tmp, anybody may have made it."""
    file, victim = jane.file("a.ndjson", "x"), jane.shell.folder / "victim"
    victim.write_text("kept")
    link = Path(f"{file}.rejected")
    link.symlink_to(victim)
    said = jane.shell.fails(*jane.arguments(file))
    assert (said, victim.read_text(), jane.names()) == (
        f"{link} is a link: say with --rejected where rejected lines go",
        "kept",
        [],
    )
    assert jane.shell.run(*jane.arguments(file, "--rejected", str(link))).exit_code == 3
    assert rejected(str(victim)) == [(1, [100000], "x")]


def test_csv(jane_on_each: Importer) -> None:
    jane = jane_on_each
    file = jane.file(
        "a.csv", "event,EMAIL,Properties.conversion-id,Properties.conversion-name,Properties.conversion-value,Properties.isTest,Note",
        'conversion,p@example.com,1,"Big, ""sale""",12.50,,x', "conversion,p@example.com,1,Sale,12.50,1,", "conversion,,2,Sale,,,", 'seen,,"two', 'lines",,,,',
    )  # fmt: skip
    done = jane.shell.run(*jane.arguments(file))
    assert done.exit_code == 3
    assert done.stdout == "Stored 2 events; 0 were there already; 1 test events were checked only.\n"
    note, _ = done.stderr.splitlines()
    assert note == "Note: the column 'Note' is no parameter of event.track and is left out"
    assert rejected(f"{file}.rejected") == [(4, [10], "conversion,,2,Sale,,,")]
    [conversion, seen, _] = [bytes(properties)[1:].decode() for (properties,) in jane.rows("properties")]
    assert json.loads(conversion) == {
        "conversion-id": "1",
        "conversion-name": 'Big, "sale"',
        "conversion-value": "12.50",
    }
    assert json.loads(seen) == {"conversion-id": "two\nlines"}
    assert jane.shell.run(*jane.arguments(file)).stdout.startswith("Stored 0 events; 2 were there already")


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_identify_properties_are_written_as_by_event_track(jane_on_each: Importer, kind: str) -> None:
    jane = jane_on_each
    values = {"First-Name": "Jane", "Age": "42", "x": "1"}
    lines: dict[str, list[Any]] = {
        "ndjson": [{"Event": "identify", "Email": f"{kind}@example.com", "IdentifyProperties": values}],
        "csv": [
            "Event,Email," + ",".join(f"IdentifyProperties.{name}" for name in values),
            f"identify,{kind}@example.com," + ",".join(values.values()),
        ],
    }
    storage = jane.database
    fields = CustomFields(storage, lambda: 0)
    for alias, data_type in (("First-Name", "text"), ("Age", "number")):
        fields.add(jane.list_id, alias, alias, data_type, False)
    done = jane.shell.run(*jane.arguments(jane.file(f"a.{kind}", *lines[kind])))
    assert (done.exit_code, done.stdout[:15]) == (0, "Stored 1 events")
    assert done.stderr == "Note: IdentifyProperties that were not written, at least once: 'x'\n"
    sql = (
        "SELECT f.value FROM subscriber_fields f JOIN subscribers s ON s.list_id = f.list_id AND s.id = f.subscriber_id"
        " WHERE s.list_id = ? AND s.email_key = ? ORDER BY f.field_id"
    )
    key = f"{kind}@example.com".encode()
    rows = storage.read(lambda transaction: transaction.select(sql, (jane.list_id, key)))
    assert [bytes(value) for (value,) in rows] == [b'"Jane"', b"42"]


def test_standard_input(jane: Importer) -> None:
    lines = '{"Event": "a"}\n{"Event": "b"}\n'
    assert jane.ok("-", "--format", "ndjson", typed=lines).startswith("Stored 2 events")
    assert jane.ok("-", "--format", "csv", typed="Event\nc\n").startswith("Stored 1 events")
    assert jane.names() == ["a", "b", "c"]


def test_without_a_list_events_belong_to_none(jane: Importer) -> None:
    file = jane.file("a.ndjson", {"Event": "a"}, {"Event": "b", "ListID": jane.list_id})
    assert jane.shell.ok("import", file, "--user", EMAIL).startswith("Stored 2 events")
    assert jane.names() == ["b"]


def test_when_a_file_was_sent_says_nothing_of_a_clock(jane: Importer) -> None:
    """An old file would move to now."""
    claimed = 1_780_000_000_000
    file = jane.file(
        "a.ndjson",
        {"Event": "a", "Timestamp": claimed, "SentAt": claimed + 1000},
        {"Event": "a", "SentAt": "x"},
    )
    assert jane.shell.run(*jane.arguments(file)).exit_code == 3
    assert jane.rows("event_at, claimed_at, sent_at") == [(claimed, claimed, None)]
    assert rejected(f"{file}.rejected")[0][1] == [19]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.ndjson", "--user", EMAIL], "Invalid value for 'FILE': File 'none.ndjson' does not exist."),
        (["{file}.x", "--user", EMAIL], "Say --format ndjson or --format csv."),
        (["-", "--user", EMAIL], "Say --format ndjson or --format csv."),
        (["{file}", "--user", "nobody@example.com"], "there is no user 'nobody@example.com'"),
        (["{file}", "--user", EMAIL, "--list", "99"], f"{EMAIL} has no list 99"),
        (["{file}", "--user", EMAIL, "--list", "1"], f"{EMAIL} has no list 1"),
        (["{file}", "--user", EMAIL, "--rejected", "{file}"], "FILE cannot take its own rejected lines."),
        (["{file}"], "Missing option '--user'."),
        (["{file}", "--user", EMAIL, "--format", "csv"], "the first line names no column 'Event'"),
    ],
)  # fmt: skip
def test_what_cannot_be_begun_is_said_in_one_line(jane: Importer, arguments: list[str], line: str) -> None:
    file = jane.file("a.ndjson", {"Event": "a"})
    jane.file("a.ndjson.x")
    jane.file("a.ndjson.rejected", "kept")
    assert jane.shell.fails("import", *(word.format(file=file) for word in arguments)).startswith(line)
    assert (jane.shell.folder / "a.ndjson.rejected").read_text() == "kept\n"
    assert jane.names() == []


def many(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Events of which some are alike to the last byte."""
    chance = random.Random(seed)
    return [
        {"Event": f"e{chance.randrange(count)}", "Email": f"p{chance.randrange(50)}@example.com"}
        for _ in range(count)
    ]


def test_killed_and_run_again_each_line_is_stored_once(jane_on_each: Importer) -> None:
    jane = jane_on_each
    events = many(6000)
    file = jane.file("a.ndjson", *events)
    stored = [0]
    for kill in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        process = jane.shell.start(*jane.arguments(file))
        until(lambda: len(jane.rows("id")) > stored[-1] or process.poll() is not None, 30, "a group")  # noqa: B023
        process.send_signal(kill)
        process.communicate()
        stored.append(len(jane.rows("id")))
    assert 0 < stored[1] < stored[2] < 6000, "killed too late to show anything"
    jane.ok(file)
    assert sorted(name for name in jane.names() if name != "identify") == sorted(
        event["Event"] for event in events
    )
    assert jane.shell.run("db", "check").stdout.count("no difference") >= 1


def test_ctrl_c_ends_it_after_a_group_and_says_how_to_go_on(jane: Importer) -> None:
    events = many(10_000, seed=2)
    file = jane.file("a.ndjson", *events, "bad")
    process = jane.shell.start(*jane.arguments(file))
    until(lambda: len(jane.rows("id")) > 0, 30, "a group")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    said = re.fullmatch(
        r"Interrupted\. Stored ([0-9,]+) events; 0 were there already\. Run the same again to go on\.\n", err
    )
    assert said, err
    stored = int(said[1].replace(",", ""))
    assert stored == sum(name != "identify" for name in jane.names())
    assert stored < 10_000
    again = jane.shell.run(*jane.arguments(file))
    assert again.stdout == f"Stored {10_000 - stored:,} events; {stored:,} were there already.\n"
    assert rejected(f"{file}.rejected") == [(10_001, [100000], "bad")]


def test_ctrl_c_while_it_waits_for_input(jane: Importer) -> None:
    process = jane.shell.start(*jane.arguments("-", "--format", "ndjson"))
    assert process.stdin is not None
    process.stdin.write('{"Event": "a"}\n' * 500)
    process.stdin.flush()
    until(lambda: len(jane.rows("id")) == 500, 30, "the first group")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    assert process.communicate()[1].startswith("Interrupted. Stored 500 events")


@pytest.fixture
def proxy(mariadb: MariaDB) -> Iterator[Proxy]:
    with Proxy(mariadb.port) as proxy:
        yield proxy


def test_a_database_in_trouble_is_waited_for(mariadb: MariaDB, proxy: Proxy, tmp_path: Path) -> None:
    """COMMITs are cut and their replies lost, and then there is no server for a while."""
    url = mariadb.new_database()
    shell = Shell(tmp_path, TRACKER_DATABASE_URL=url)
    shell.ok("db", "upgrade")
    jane = Importer(shell)
    file = jane.file("a.ndjson", *many(5000, seed=3))
    shell.settings["TRACKER_DATABASE_URL"] = url.replace(f":{mariadb.port}/", f":{proxy.port}/")
    proxy.fates.extend(["pass", "pass", "lost", "cut", "pass", "hasty"])
    process = shell.start(*jane.arguments(file))
    until(lambda: not proxy.fates, 30, "the lost replies")
    proxy.shut_after("cut")
    until(lambda: not proxy.is_open, 30, "the cut")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("The database is in trouble, trying again: ")
    proxy.reopen()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert err.endswith("The database is back\n")
    assert sum(name != "identify" for name in jane.names()) == 5000
    assert out.startswith("Stored ")
    assert shell.run("db", "check").stdout.count(", no difference") == 2
    jane.database.close()


def test_no_rate_limit_holds_and_the_server_goes_on(start_tracker: StartTracker, tmp_path: Path) -> None:
    tracker = start_tracker(settings={"TRACKER_LIMITS": "event.track=5/60"})
    shell = Shell(tmp_path, TRACKER_DATABASE_URL=tracker.database_url)
    jane = Importer(shell)
    key = shell.ok("key", "add", EMAIL).strip()
    assert jane.ok(jane.file("a.ndjson", *[{"Event": "a"}] * 600)).startswith("Stored 600 events")
    live = [tracker.call("event.track", key, ListID=jane.list_id, Event="live").status for _ in range(6)]
    assert live == [200] * 5 + [429]
    jane.database.close()


def peak_megabytes(jane: Importer, file: str) -> float:
    with jane.shell.start(*jane.arguments(file), is_loaded=False) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def test_memory_does_not_grow_with_the_file(jane: Importer) -> None:
    """The bigger file has ten times as many lines, and a hundred times as many bytes."""
    small = jane.file("small.ndjson", *[{"Event": "a", "ID": f"u{number}"} for number in range(2000)])
    padding = "x" * 1000
    big = jane.file(
        "big.ndjson",
        *[
            {"Event": "a", "UUID": VISITOR, "Properties": {"p": f"{number}{padding}"}}
            for number in range(20_000)
        ],
    )
    assert peak_megabytes(jane, big) < peak_megabytes(jane, small) + 25


def test_a_terminal_shows_how_far_it_is(jane: Importer) -> None:
    file = jane.file("a.ndjson", *many(1200))
    ours, theirs = pty.openpty()
    process = jane.shell.start(*jane.arguments(file), out=theirs)
    assert process.stdin is not None
    process.stdin.close()
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    assert b"Importing" in shown
    assert b"100%" in shown


def test_what_excel_saves_is_imported_as_it_is(jane_on_each: Importer) -> None:
    """In half of Europe it parts cells by semicolons, and as "Unicode text" it is UTF-16."""
    path = jane_on_each.shell.folder / "excel.csv"
    table = "Event;Email;Properties.town\r\nsigned up;ann@example.com;Köln\r\nseen;;Łódź\r\n"
    for encoding in ("utf-16", "utf-8-sig"):
        path.write_bytes(table.encode(encoding))
        said = jane_on_each.ok(str(path))
    assert "Stored 0 events; 2 were there already" in said, "the encoding makes no other events"
    towns = [json.loads(bytes(each)[1:]).get("town") for (each,) in jane_on_each.rows("properties")]
    assert [town for town in towns if town] == ["Köln", "Łódź"]


# Order

HISTORY = (
    ("identify", "a", "09:20"),
    ("a reads", "", "09:30"),
    ("identify", "b", "09:40"),
    ("b reads", "", "09:45"),
)


def read_by(jane: Importer, email: str) -> list[str]:
    """What a person has done, oldest first."""
    sql = "SELECT id FROM subscribers WHERE list_id = ? AND email_key = ?"
    [(subscriber,)] = jane.database.read(lambda t: t.select(sql, (jane.list_id, email.encode())))
    page = read_page(jane.database, SubscriberTimeline(jane.list_id, subscriber), Wanted(10))
    return [event.name.decode() for event in reversed(page.events)]


@pytest.mark.parametrize("is_together", [True, False])
def test_lines_in_any_order_are_whose_the_browser_was(jane_on_each: Importer, is_together: bool) -> None:
    """All lines of a browser in one group, or each in a group of its own."""
    jane, orders = jane_on_each, list(itertools.permutations(HISTORY))
    lines = [
        [
            f"{name},{who and f'{who}{number}@example.com'},{UUID(int=number + 1)},2026-01-07T{at}:00Z"
            for number, (name, who, at) in enumerate(step)
        ]
        for step in zip(*orders, strict=True)
    ]
    fill = [] if is_together else [f"filled,,{UUID(int=10**9)},2026-01-01T00:00:00Z"] * (100 - len(orders))
    file = jane.file(
        "any.csv", "Event,Email,UUID,Timestamp", *(line for some in lines for line in some + fill)
    )
    jane.ok(file)
    for number in range(len(orders)):
        assert read_by(jane, f"a{number}@example.com") == ["identify", "a reads"], orders[number]
        assert read_by(jane, f"b{number}@example.com") == ["identify", "b reads"], orders[number]
    assert "no difference" in jane.shell.ok("db", "check")


def test_a_file_that_is_newest_first_is_sorted_by_groups_and_said_to_be(jane: Importer) -> None:
    lines = [f"{name},2026-01-07T{at}:00Z" for name, _, at in reversed(HISTORY)]
    lines.insert(1, "refused,never")
    result = jane.shell.run(*jane.arguments(jane.file("a.csv", "Event,Timestamp", *lines)))
    assert result.exit_code == 3
    assert "newest events come first" in result.stderr
    assert rejected(f"{jane.shell.folder}/a.csv.rejected") == [(3, [18], "refused,never")]
    assert jane.names() == [name for name, _, _ in HISTORY]
    again = jane.shell.run(*jane.arguments(f"{jane.shell.folder}/a.csv"))
    assert "Stored 0 events; 4 were there already" in again.stdout


def test_of_a_file_that_is_oldest_first_nothing_is_said(jane: Importer) -> None:
    file = jane.file("a.csv", "Event,Timestamp", *(f"{name},2026-01-07T{at}:00Z" for name, _, at in HISTORY))
    result = jane.shell.run(*jane.arguments(file))
    assert (result.exit_code, "newest" in result.stderr) == (0, False)
