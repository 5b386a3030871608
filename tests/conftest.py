"""Which real parts may a test ask for? Each is started when first asked for and ended with its scope."""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from argon2 import PasswordHasher

from tests.client import InProcess, NewClient, Reply, Shop, Track
from tests.examples import FEW
from tests.made_once import make_once
from tests.name_server import ask_no_name_server
from tests.needs import needs
from tests.processes import find_program, use_memory_disk
from tests.served import Account, StartTracker, Tracker, make_account
from tests.servers import MariaDB, NewDatabase, Redis, Server
from tests.shards import watch
from tests.shards.spider import Spread
from tests.shards.spider import spread as spread_over
from tests.subscriber_calls import Call
from tests.warm_script import start_server
from tracker.analytics.process.reports_setup import ReportsSetup

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

use_memory_disk()
if watch.SHARDS > 1:
    watch.watch()
# Not by a fixture: each test would be taken for one that starts processes (tests/needs.py).
ReportsSetup.start_server = start_server  # type: ignore[assignment, method-assign]
gc.disable()  # until all is collected: what is imported stays
# The same examples in every run: a red test is red for everybody. `make fuzz` looks for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
# For `make check`.
hypothesis.settings.register_profile(
    "quick", max_examples=FEW, derandomize=True, deadline=None, database=None
)
hypothesis.settings.register_profile("fuzz", max_examples=5000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

HAS_SERVERS = "TESTS_WITHOUT_SERVERS" not in os.environ
#: For `make check` tests with the other are not even made.
DATABASES = ["sqlite", "mariadb"] if HAS_SERVERS else ["sqlite"]
#: Of several lists of features the last counts, so that Playwright's stands in ours. Without the last three Chromium loads
#: two pages of its own for the suggestions below its address bar, anew for each context.
WITHOUT_FEATURES = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
)  # fmt: skip
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(WITHOUT_FEATURES)}",
]
_numbers = itertools.count(1)
_emails = (f"user{number}@example.com" for number in itertools.count(1))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A MariaDB for this worker's tests. A test that stops or freezes one starts its own: `with MariaDB() as own:`."""
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def redis_server(_redis_server: Redis) -> Redis:
    """An empty Redis. A test that stops or freezes one starts its own: `with Redis() as own:`."""
    _redis_server.flush()
    return _redis_server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` that nobody trusts, with its key in the same file."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    subprocess.run([*made, *about, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewDatabase:
    """`new_database("sqlite" | "mariadb")` gives the URL of a fresh, empty database."""

    def new(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'tracker.db'}"
        if watch.IS_SPREAD:
            spread: Spread = request.getfixturevalue("spread")
            return spread.new_database()
        mariadb: MariaDB = request.getfixturevalue("mariadb")
        return mariadb.new_database()

    return new


@pytest.fixture(scope="session")
def spread() -> Iterator[Spread]:
    """Two MariaDBs, and a third that spreads tables of lists over them."""
    with spread_over(watch.SHARDS if watch.IS_SPREAD else 2) as spread:
        yield spread


@pytest.fixture(scope="module", params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs a test once for each database Tracker knows."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, new_database: NewDatabase) -> str:
    """A fresh database for this test, which runs once for each kind: the contract suite asks for this."""
    return new_database(database_kind)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'tracker.db'}"


@pytest.fixture(scope="module")
def start_tracker() -> Iterator[StartTracker]:
    """`start_tracker(database_url=..., workers=..., settings={"TRACKER_...": ...})`; all end cleanly with the module."""
    with ExitStack() as started:
        yield lambda **options: started.enter_context(Tracker(**options))


@pytest.fixture(scope="module")
def tracker(start_tracker: StartTracker) -> Tracker:
    """A running Tracker on SQLite with one worker, shared by the tests of a module."""
    return start_tracker()


@pytest.fixture(scope="module")
def tracker_on_each(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Tracker:
    """A running Tracker shared by the tests of a module, which run once for each kind of database."""
    return start_tracker(database_url=new_database(database_kind))


@pytest.fixture(scope="module")
def account(tracker: Tracker) -> Account:
    """A user with a list and a key for everything, on `tracker`."""
    return make_account(tracker, next(_emails), "*")


@pytest.fixture(scope="module")
def account_on_each(tracker_on_each: Tracker) -> Account:
    """A user with a list and a key for everything, on `tracker_on_each`."""
    return make_account(tracker_on_each, next(_emails), "*")


@pytest.fixture(scope="module")
def new_client(
    database_kind: str, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewClient]:
    """`new_client({"TRACKER_…": …})` gives a Tracker in this process on a fresh database; all are closed with the module."""
    with ExitStack() as opened:

        def new(settings: Mapping[str, str] | None = None) -> InProcess:
            client = InProcess(new_database(database_kind), tmp_path_factory.mktemp("client"), settings)
            opened.callback(client.close)
            return client

        yield new


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    """Tracker in this process; the tests of a module run once for each kind of database."""
    return new_client()


@pytest.fixture(scope="module")
def owner(client: InProcess) -> Shop:
    """A user with a key for everything."""
    return client.open_shop(f"owner{next(_numbers)}@example.com")


@pytest.fixture
def shop(client: InProcess, owner: Shop) -> Shop:
    """The user with a fresh list."""
    return replace(owner, list_id=client.services.stores.lists.add(owner.user_id, "Fresh"))


@pytest.fixture
def track(client: InProcess, shop: Shop) -> Track:
    """`track(Event=…, …)`: an event of the test's list. A parameter given as `...` is not sent."""

    def call(**params: Any) -> Reply:
        sent = {"ListID": shop.list_id, "Event": "seen", **params}
        return client.call("event.track", shop.key, **{k: v for k, v in sent.items() if v is not ...})

    return call


@pytest.fixture
def call(client: InProcess, shop: Shop) -> Call:
    """`call("create", …)`: the command `subscriber.create` about the test's list."""

    def about_the_list(verb: str, **params: Any) -> Reply:
        return client.call(f"subscriber.{verb}", shop.key, **{"ListID": shop.list_id, **params})

    return about_the_list


@pytest.fixture
def listing(client: InProcess, shop: Shop) -> Callable[[], dict[str, list[str]]]:
    """What `website_events.properties` lists for the test's list."""

    def call() -> dict[str, list[str]]:
        answer = client.call("website_events.properties", shop.key, ListID=shop.list_id)
        assert answer.status == 200, answer.body
        listed: dict[str, list[str]] = answer.body["Properties"]
        return listed

    return call


def launch(playwright: Playwright, *flags: str) -> Browser:
    """A headless Chromium with an empty profile."""
    program = find_program("chromium", "chromium")
    return playwright.chromium.launch(executable_path=program, headless=True, args=[*CHROMIUM_FLAGS, *flags])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium with an empty profile. It ends with the module: Playwright occupies the thread's event loop."""
    from playwright.sync_api import sync_playwright  # slow to import, and few tests need it

    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new page without cookies or storage of other tests."""
    with browser.new_context() as context:
        yield context.new_page()


def pytest_collection(session: pytest.Session) -> None:
    """Have each worker compile another part of the tests first: it reads what the others have compiled meanwhile."""
    worker: dict[str, Any] | None = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    root, number, of = session.config.rootpath, int(worker["workerid"][2:]), worker["workercount"]
    files = sorted({file for asked in session.config.args for file in Path(asked).rglob("test_*.py")})
    for file in files[number::of]:
        with suppress(Exception):  # it is told when the file is collected
            importlib.import_module(".".join(file.resolve().relative_to(root).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the servers and processes it can reach, before tests are chosen by their markers."""
    for item in items:
        for name in sorted(needs(item)):
            item.add_marker(name)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep what was collected out of each look for garbage: it stays to the end. And look less often: it was a sixth of all."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failed test what its servers have printed."""
    report = yield
    if report.failed:
        asked = getattr(item, "funcargs", {}).items()
        servers = {value: name for name, value in asked if isinstance(value, Server)}
        report.sections += [
            (f"end of the log of {name}", server.logs()[-5000:]) for server, name in servers.items()
        ]
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say that skipped tests fail the run: what was not tested is not known to work."""
    if terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("FAILED: tests were skipped, and here all tests run", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="module", autouse=True)
def cost_of_passwords() -> Iterator[None]:
    """In the tests' own process a password costs next to nothing; what tests the cost has a fixture of this name instead."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr("tracker.storage.accounts.passwords._HASHER", cheap)
        patch.setattr("tracker.storage.accounts.passwords._DUMMY_HASH", cheap.hash("nobody's"))
        yield


def _refuse_to_start(*_: object) -> None:
    """A test that starts the reports process has to be marked by what it asks for."""
    raise AssertionError("the quick loop starts no reports process: see ASK_REPORTS in tests/needs.py")


@pytest.fixture(scope="session", autouse=True)
def _quick_world() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_once(patch)
        ask_no_name_server(patch)
        if not HAS_SERVERS:
            patch.setattr("tracker.analytics.reports_client.start_process", _refuse_to_start)
        yield
