"""Does People say of each subscriber since when they come and what they did, and say so when reports cannot tell?"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.client import InProcess, Reply
from tests.console.made_up_reports import Made, failure, people
from tests.console.test_overview import BUILDING, UNAVAILABLE, Console, links, words

COVERED = "Events and revenue are of the last five years, without robots."


@pytest.fixture
def console(sqlite_url: str, tmp_path: pathlib.Path) -> Iterator[Console]:
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        yield Console(client)


@pytest.fixture
def ada(console: Console) -> str:
    """The number of a subscriber who did something; Bob did not."""
    made = [
        console.client.ok("subscriber.create", console.user.key, ListID=console.list_id, EmailAddress=address)
        for address in ("bob@example.com", "ada@example.com")
    ]
    return str(made[1]["SubscriberID"])


def told_of(number: str, **changed: Any) -> Made:
    def told(params: dict[str, Any]) -> dict[str, Any]:
        answer = people(params)
        return {**answer, "People": [{**answer["People"][0], "SubscriberID": number, **changed}]}

    return told


def follow(console: Console, path: str) -> Reply:
    parts = urlsplit(path)
    return console.get(parts.path, **dict(parse_qsl(parts.query)))


def rows(page: Reply) -> list[str]:
    cells = re.findall(r"<tr>(.*?)</tr>", page.text.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in cells]


def test_each_row_says_what_they_did(console: Console, ada: str) -> None:
    console.reports.made["reports.people"] = told_of(ada)
    page = console.get(f"{console.path}/people")
    first, second = rows(page)
    assert re.fullmatch(r"ada@example.com – \S.+ 12 €59.90 google", first), first
    assert re.fullmatch(r"bob@example.com – \S.+ – – – –", second), second
    assert (COVERED in words(page), ada in words(page)) == (True, False), "no number of eighteen digits"
    [asked] = console.asked("reports.people")
    assert asked["SubscriberIDs"][0] == ada
    assert (len(asked["SubscriberIDs"]), "Sort" in asked) == (2, False)
    found = console.get(f"{console.path}/people", search="example")
    assert (len(console.asked("reports.people")), rows(found)) == (1, [first, second])


def test_they_are_sorted_by_what_reports_say(console: Console, ada: str) -> None:
    console.reports.made["reports.people"] = lambda params: {
        **told_of(ada)(params),
        "Total": 51,
        "Cursor": "c/1",
    }
    for name, sort in (("Last seen", "LastSeenAt"), ("Events", "Events"), ("Revenue", "Revenue")):
        path = links(console.get(f"{console.path}/people"), name)[-1]
        page = follow(console, path)
        [asked] = console.asked("reports.people")
        assert (asked["Sort"], asked["OnlySubscribers"], asked["Limit"]) == (sort, True, 50)
        assert [row.partition(" ")[0] for row in rows(page)] == ["ada@example.com"]
        assert "51 people with events" in words(page)
    [following] = links(page, "Next")
    follow(console, following)
    assert [asked["Cursor"] for asked in console.asked("reports.people")] == ["c/1"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (UNAVAILABLE, "reports are not available now (error 100014). Tracking goes on."),
        (lambda _: BUILDING, "reports of this list are being prepared, 42% done."),
        (
            failure(422, (13, "The question takes too long")),
            "reports take too long for this list (error 13).",
        ),
    ],
)
def test_without_reports_they_are_listed_all_the_same(
    console: Console, ada: str, answer: Made, said: str
) -> None:
    console.reports.made["reports.people"] = answer
    for path in ("people", "people?sort=Revenue"):
        page = follow(console, f"{console.path}/{path}")
        assert (page.status, len(rows(page))) == (200, 2)
        assert words(page).count(f"What they did is not shown: {said}") == 1
        assert rows(page)[0].endswith("– – – –")
        assert links(page, "Revenue") == [f"{console.path}/revenue"], "the tab, and no order by it"
    lost = console.get(f"{console.path}/people", sort="nonsense", cursor="x")
    assert (lost.status, len(rows(lost))) == (200, 2)


def test_a_cursor_of_another_question_is_no_page(console: Console, ada: str) -> None:
    console.reports.made["reports.people"] = failure(422, (25, "Invalid Cursor parameter"))
    assert console.get(f"{console.path}/people", sort="Events", cursor="x").status == 404
