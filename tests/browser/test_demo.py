"""Does what `make demo` starts work as a newcomer uses it: a shop to click through, and nothing left when it ends?"""

from __future__ import annotations

import os
import re
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.browser.conftest import CHROME
from tests.browser.shop import WATCH, waiting
from tests.cli.shell import OURS, SCRIPT, Shell
from tests.conftest import launch
from tests.conventions.sources import ROOT
from tests.processes import Program, reserve_port, until
from tracker.storage.schema.own_database import own_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

#: Said, as `Demo.running` is behind a decorator.
pytestmark = pytest.mark.processes
BUYER = "ada@example.com"
#: What `_buy` does, as events.
STEPS = Counter({
    "page_view": 6, "view_product": 2, "filter_products": 1, "search": 1, "add_to_cart": 2, "remove_from_cart": 1,
    "checkout": 1, "identify": 1, "conversion": 1,
})  # fmt: skip


class Demo:
    """A folder in which the demo is started, with ports of its own."""

    def __init__(self, folder: Path, ports: tuple[int, int]) -> None:
        self.folder = folder
        self.url, self.shop_url = (f"http://127.0.0.1:{port}" for port in ports)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.database_url = f"sqlite:///{folder / 'demo.db'}"
        own = {
            "PORT": str(ports[0]),
            "TRACKER_DEMO_SHOP_PORT": str(ports[1]),
            "TRACKER_DATABASE_URL": self.database_url,
        }
        self.environment = {**kept, "WEB_CONCURRENCY": "1", **own}
        self.runs = 0

    @contextmanager
    def running(self) -> Iterator[Program]:
        """Started, and everything is served."""
        self.runs += 1
        log = self.folder / f"printed{self.runs}"
        program = Program([str(SCRIPT), "demo", "serve"], log, self.environment, self.folder)
        try:
            until(
                lambda: program.exit_code is not None or "Ctrl-C stops both" in program.printed(),
                60,
                "the demo",
            )
            assert program.exit_code is None, program.printed()
            yield program
        finally:
            program.kill()

    def events(self) -> Counter[str]:
        """How many of each name are stored."""
        database = own_database(self.database_url)
        rows = database.read(lambda transaction: transaction.select("SELECT name FROM events", ()))
        database.close()
        return Counter(bytes(name).decode() for (name,) in rows)

    def is_answering(self) -> bool:
        return any(map(_is_open, (self.url, self.shop_url)))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with reserve_port() as one, reserve_port() as other:
        ports = (one.getsockname()[1], other.getsockname()[1])
        yield Demo(tmp_path_factory.mktemp("demo"), ports)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One that is no robot in any request: what outlives its page does not heed the user agent of a context."""
    with launch(playwright, f"--user-agent={CHROME}") as started:
        yield started


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody with a phone."""
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        yield context


def test_a_newcomer_clicks_through_the_shop_and_finds_it_all_stored(
    demo: Demo, visit: BrowserContext
) -> None:
    with demo.running() as program:
        printed = program.printed()
        for line in (f"Shop      {demo.shop_url} ", f"Console   {demo.url} ", "Username  demo@example.com"):
            assert line in printed
        made = demo.events()
        assert made.total() > 4_500
        _buy(demo, visit)
        until(lambda: demo.events() - made == STEPS, 20, f"{STEPS}, not {demo.events() - made}")
        _is_known(demo, printed)
        _ends(demo, program, lambda: program.send(signal.SIGINT))


def test_a_later_start_makes_nothing_anew_and_tells_how_to_get_a_password(demo: Demo) -> None:
    before = demo.events()
    with demo.running() as program:
        [line] = re.findall(r"  Password  .* for a new one: (.*)", program.printed())
        assert line.startswith(f"TRACKER_DATABASE_URL={demo.database_url} ")
        assert line.endswith("tracker user password demo@example.com")
        assert "Stored" not in program.printed()
        assert demo.events() == before
        _ends(demo, program, lambda: program.send_all(signal.SIGINT))  # as a terminal does it


def test_a_port_that_is_taken_is_told_in_one_line_and_nothing_is_started(demo: Demo, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for name in ("PORT", "TRACKER_DEMO_SHOP_PORT"):
            log = tmp_path / name
            program = Program([str(SCRIPT), "demo", "serve"], log, {**demo.environment, name: port}, tmp_path)
            until(lambda program=program: program.exit_code is not None, 30, "the refusal")
            program.kill()
            assert program.exit_code == 1
            assert (
                program.printed()
                == f"Error: {name}={port}: Address already in use. Another one: {name}=8123 make demo\n"
            )


def test_it_does_not_touch_a_database_in_use(demo: Demo, tmp_path: Path) -> None:
    ports = {name: demo.environment[name] for name in ("PORT", "TRACKER_DEMO_SHOP_PORT")}
    used = Shell(tmp_path, TRACKER_DATABASE_URL=f"sqlite:///{tmp_path / 'used.db'}", **ports)
    used.ok("db", "upgrade")
    used.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    said = used.fails("demo", "serve")
    assert said.startswith("this database has users, and demo@example.com is none of them")
    assert used.ok("db", "check") == "list 1: 0 events, no difference\n"


def test_make_demo_is_what_is_tested_here_on_a_database_of_its_own() -> None:
    [recipe] = re.findall(r"^demo: .*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.M)
    own = 'TRACKER_DATABASE_URL="$${TRACKER_DATABASE_URL:-sqlite:///var/demo.db}"'
    assert recipe == f"@exec env {own} $(VENV)/bin/tracker demo serve"


def _buy(demo: Demo, visit: BrowserContext) -> None:
    """From the shelf to thanks, as somebody with a phone would."""
    page = visit.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(demo.shop_url)
    page.get_by_role("button", name="Teas").click()
    page.get_by_label("Search").fill("uji")
    page.get_by_label("Search").press("Enter")
    page.get_by_role("link", name="Matcha").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_text("In your cart").wait_for()
    _settle(page)
    page.goto(f"{demo.shop_url}/products/teapot-01")  # a product's address is a page of its own, too
    page.get_by_label("How many").select_option("2")
    page.get_by_role("button", name="Add to cart").click()
    _settle(page)
    page.get_by_role("link", name="To the cart").click()
    page.get_by_role("button", name="One more: Matcha").click()
    page.get_by_role("button", name="Remove: Stoneware teapot").click()
    _settle(page)
    page.get_by_role("link", name="To checkout").click()
    page.get_by_label("First name").fill("Ada")
    page.locator("#email").fill(BUYER)
    page.get_by_label("One letter a month, too").check()
    _settle(page)
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_text("Thank you, Ada").wait_for()
    assert "€56.00" in page.locator("#receipt").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "nothing is wider than the phone"
    )
    assert page.evaluate("window.wrong") == errors == []


def _settle(page: Page) -> None:
    """People read a page before they leave it, so that its events are sent."""
    page.wait_for_function("window.oct && oct.v")
    until(lambda: waiting(page) == 0, what="an empty queue")


def _is_known(demo: Demo, printed: str) -> None:
    """The buyer, by name and worth, with all that they did before anybody knew them."""
    [(list_id,), (key,)] = (re.findall(rf"  {name} +(\S+)", printed) for name in ("ListID", "API key"))
    sent = {"Command": "subscriber.get", "ListID": list_id, "EmailAddress": BUYER, "APIKey": key}
    with requests.Session() as session:
        session.trust_env = False
        found = session.post(f"{demo.url}/api.php", json=sent, timeout=15).json()
    fields = found["SubscriberInformation"]["CustomFields"]
    assert (fields["First-Name"], fields["Newsletter"]) == ("Ada", True)
    assert found["Revenue"] == [{"Currency": "EUR", "Conversions": 1, "Value": 56.0}]
    assert len(found["SubscriberWebsiteEvents"]) == STEPS.total()


def _ends(demo: Demo, program: Program, end: Callable[[], None]) -> None:
    """All of it, with nothing left running."""
    family = _family(program.pid)
    assert len(family) >= 3, "Tracker and a worker of it"
    end()
    until(lambda: program.exit_code is not None, 30, "the end")
    assert program.exit_code == 0, program.printed()
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []
    assert not demo.is_answering()


def _family(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(each for child in children for each in _family(child))]


def _is_open(url: str) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0
