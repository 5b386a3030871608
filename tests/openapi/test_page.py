"""Is the self-description served, and does the page show it in a real browser without asking anybody else?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.reply_schemas import whole_document
from tests.served import Account, StartTracker, Tracker
from tracker.http.docs_page import STATIC, SWAGGER_UI

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PING = '''"""A plugin."""

from marshmallow import Schema, fields

from tracker import Command, missing


class Ping(Command):
    """Answer with what was sent"""

    name = "system.ping"
    permission = None
    errors = (missing("Say", 1),)
    example = ({"Say": "hi"}, {"Pong": "hi"})

    class Params(Schema):
        Say = fields.String(required=True)

    def run(self, params):
        return {"Pong": params["Say"]}
'''


def test_the_document_is_served_and_need_not_be_sent_twice(tracker: Tracker) -> None:
    first = tracker.get("/api/v1/openapi.json")
    assert (first.status, first.headers["Content-Type"]) == (200, "application/json")
    assert first.body == whole_document()
    again = tracker.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache", "after an update it is asked for again"


def test_it_shows_what_this_instance_has(start_tracker: StartTracker, tmp_path: Path) -> None:
    (tmp_path / "ping.py").write_text(PING)
    settings = {"TRACKER_PLUGINS_FOLDER": str(tmp_path), "TRACKER_LIMITS": "event.track=70/9"}
    served = start_tracker(settings=settings).get("/api/v1/openapi.json").body
    for path in ("/api/v1/event", "/api/v1/events"):  # event.batch shares the limit of event.track
        assert served["paths"][path]["post"]["x-rate-limit"] == "70 per 9 seconds"
    assert served["paths"]["/api/v1/system.ping"]["post"]["summary"] == "Answer with what was sent"


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
def test_the_page_may_load_nothing_from_elsewhere(tracker: Tracker, path: str) -> None:
    page = tracker.get(path)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(tracker: Tracker, method: str) -> None:
    refused = tracker.request(method, "/api/docs")
    assert (refused.status, refused.body["Errors"][0]["Code"]) == (405, 100001)


def test_vendored_files_are_kept_by_browsers_and_ours_are_asked_for_again(tracker: Tracker) -> None:
    vendored = tracker.get(f"/api/docs/{SWAGGER_UI}/swagger-ui-bundle.js")
    assert (vendored.status, vendored.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "immutable" in vendored.headers["Cache-Control"]
    assert tracker.get("/api/docs/docs.js").headers["Cache-Control"] == "no-cache"


def test_vendored_files_are_as_published_and_with_their_licence() -> None:
    folder = STATIC / SWAGGER_UI
    listed = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert listed == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in listed}
    assert {"LICENSE", "NOTICE", "swagger-ui-bundle.js", "swagger-ui.css"} <= set(listed)
    assert "Apache License" in (folder / "LICENSE").read_text()


class Watch:
    """What a page has asked for, and what it has complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.add(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def origins(self) -> set[str]:
        return {f"{url.scheme}://{url.netloc}" for url in map(urlsplit, self.asked) if url.scheme != "data"}


def in_the_middle(page: Page) -> Locator:
    """The operation in the middle of the window."""
    found = page.evaluate(
        "[...document.querySelectorAll('.opblock')].map(block => [block.id, Math.abs(block.getBoundingClientRect().top - innerHeight / 2)])"
        ".sort((one, other) => one[1] - other[1])[0][0]"
    )
    return page.locator('[id="{}"]'.format(found.replace("\\", "\\\\")))


def open_whole(page: Page, block: Locator) -> None:
    """Open it until it is rendered whole; nothing may be cut off at the side."""
    block.locator(".opblock-summary-control").click()
    block.locator('.response[data-code="200"] .model-example').wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def screens(page: Page) -> Iterator[set[tuple[str, str]]]:
    """Go down the page; give the path and method of the operations there are: those far from the window are not drawn."""
    page.wait_for_selector(".opblock")
    is_at_end = False
    while not is_at_end:
        listed = page.evaluate(
            "[...document.querySelectorAll('.opblock')].map(block => [block.querySelector('.opblock-summary-path').dataset.path,"
            " block.querySelector('.opblock-summary-method').innerText.toLowerCase()])"
        )
        yield {(path, method) for path, method in listed}
        is_at_end = page.evaluate(
            "new Promise(done => { const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;"
            " scrollBy(0, innerHeight); requestAnimationFrame(() => requestAnimationFrame(() => done(end))) })"
        )


@pytest.fixture(scope="module")
def watch(tracker: Tracker, browser: Browser) -> Iterator[Watch]:
    """The page, loaded once: that takes seconds."""
    with browser.new_context() as context:
        watch = Watch(context.new_page())
        watch.page.goto(f"{tracker.url}/api/docs")
        yield watch
        assert watch.complaints == []
        assert watch.origins() == {tracker.url}


@pytest.fixture
def page(watch: Watch) -> Page:
    """The page at its top, in a window of many operations."""
    watch.page.set_viewport_size({"width": 1280, "height": 2400})
    watch.page.evaluate("scrollTo(0, 0)")
    return watch.page


def test_the_page_shows_every_command(page: Page) -> None:
    shown: set[tuple[str, str]] = set()
    for number, screen in enumerate(screens(page)):
        shown |= screen
        if number % 3 == 1:  # the page takes seconds for each
            open_whole(page, in_the_middle(page))
    assert shown == {(path, method) for path, item in whole_document()["paths"].items() for method in item}


def test_the_page_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in islice(screens(page), 3):
        pass
    open_whole(page, in_the_middle(page))


def test_a_command_can_be_tried_on_the_page(account: Account, page: Page) -> None:
    page.locator(".btn.authorize").first.click()
    page.locator(".auth-container input").first.fill(account.key)
    page.locator(".auth-container .btn.authorize").first.click()
    page.locator(".btn-done").first.click()
    block = page.locator(".opblock-get").filter(has=page.locator('[data-path="/api/v1/apikeys.get"]'))
    next(screen for screen in screens(page) if ("/api/v1/apikeys.get", "get") in screen)
    block.locator(".opblock-summary-control").click()
    block.locator(".try-out__btn").click()
    block.locator(".execute").click()
    answer = block.locator(".live-responses-table .response-col_description .microlight").first
    answer.wait_for()
    assert '"TotalKeyCount": 1' in answer.inner_text()
