"""Who may call what? Every command of the registry, plugins included, with each kind of credential and of object.

The cases are made from the registry: a command is in them by being there, its example is the right call, and what its
parameters name is looked up in tests/contract/objects.py.

Objects and public names are looked up with each database. Credentials and permissions are judged in Python after one look-up
by digest, which tests/contract/test_accounts_store.py does with each: they are tried with SQLite alone.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema

from tests.client import InProcess, NewClient, Reply, Shop, in_query, when_built
from tests.contract.objects import KINDS, UnknownKind, kinds_of
from tests.example_world import EMAIL, PASSWORD, Baskets, furnish
from tests.servers import NewDatabase
from tracker import Command, administrator, anyone, invalid
from tracker.caller import ADMINISTRATOR
from tracker.delivery.mail_worker import MailWorker
from tracker.errors import COMMON
from tracker.fields import WholeNumber
from tracker.formats.credentials import digest, new_key, new_session_id
from tracker.mail import Delivered, MailOutcome
from tracker.plugins import load_commands
from tracker.registry import Entry, public_list
from tracker.storage.accounts.sessions import Sessions
from tracker.storage.schema.ddl import Table
from tracker.storage.schema.history import MIGRATIONS

EXAMPLES = Path(__file__).parents[1] / "plugins" / "examples"
TABLES = [step.name for migration in MIGRATIONS for step in migration.steps if isinstance(step, Table)]


def _plugins() -> str:
    """A folder with the example plugins, which stand among other things where they are."""
    folder = tempfile.mkdtemp(prefix="plugins-")
    atexit.register(shutil.rmtree, folder)
    for module in (EXAMPLES / "ping.py", EXAMPLES / "tracker-notes" / "tracker_notes.py"):
        shutil.copy(module, folder)
    return folder


PLUGINS = _plugins()
ENTRIES = list(load_commands(Path(PLUGINS)))
NAMES = {e.command.permission for e in ENTRIES if isinstance(e.command.permission, str)}
#: Permissions that no key or session is needed for.
OPEN = (anyone, public_list)
RESTRICTED = [entry for entry in ENTRIES if entry.command.permission not in (None, *OPEN)]
PUBLIC = [entry for entry in ENTRIES if entry.command.permission is public_list]
OBJECTS = [(entry, param) for entry in ENTRIES for param in kinds_of(entry)]


def name_of(value: Any) -> str:
    return value.command.name if isinstance(value, Entry) else str(value)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a call carries beside its parameters: a bearer token, or parameters."""

    bearer: str | None = None
    api_key: str | None = None
    session_id: str | None = None

    @property
    def params(self) -> dict[str, str]:
        carried = {"APIKey": self.api_key, "SessionID": self.session_id}
        return {name: value for name, value in carried.items() if value is not None}


class House:
    """Tracker with the example plugins, the account of the examples, and others."""

    def __init__(self, client: InProcess) -> None:
        self.client, self.stores = client, client.services.stores
        self.jane_id = self.stores.users.add(EMAIL, PASSWORD, is_admin=True)
        self.john_id = self.stores.users.add("other@example.com", PASSWORD)
        self.poor_id = self.stores.users.add("poor@example.com", PASSWORD, permissions="Nothing.Do")
        self.jane, self.john = self._shop(self.jane_id), self._shop(self.john_id)
        self.is_used = False
        client.services.registry.add_tile(Baskets, "the examples")

    def furnish(self) -> None:
        """Jane's list and people anew, and no account that a call has made: each test finds what its example needs.

        What is John's stays: calls that are answered add to it at most.
        """
        self.client.services.storage.write(
            lambda transaction: transaction.execute("DELETE FROM users WHERE id > ?", (self.poor_id,))
        )
        self.jane = self._shop(self.jane_id)
        self.is_used = False

    def right(self, entry: Entry) -> dict[str, Any]:
        """The parameters of the command's example, with objects of Jane's."""
        assert entry.command.example is not None
        named = kinds_of(entry)
        right = {
            name: named[name].make(self.client, self.jane) if name in named else value
            for name, value in entry.command.example[0].items()
            if name != "SessionID"
        }
        if entry.command.permission is public_list:
            right["EventListTrackerID"] = self.tracker_id(self.jane)
        return right

    def tracker_id(self, shop: Shop) -> str:
        """The public name of the shop's list."""
        found = self.stores.lists.owned(shop.user_id, shop.list_id)
        assert found is not None
        return found.tracker_id

    def call(self, entry: Entry, credential: Credential, params: dict[str, Any]) -> Reply:
        """The answer at /api.php."""
        sent = {"Command": entry.command.name, **params, **credential.params}
        reply = self.client.request("POST", "/api.php", credential.bearer, json=sent)
        self.is_used |= reply.status == 200 and "GET" not in entry.methods  # what may be got changes nothing
        return reply

    def refused(self, entry: Entry, credential: Credential, params: dict[str, Any]) -> Reply:
        """The answer at every door, which is one and the same; in a `with house.unchanged()`."""
        command, sent = entry.command, {**params, **credential.params}
        path = f"/api/v1/{command.path or command.name}"
        doors = [
            lambda: self.call(entry, credential, params),
            lambda: self.client.request("POST", path, credential.bearer, json=sent),
        ]
        if "GET" in entry.methods:
            doors.append(lambda: self.client.request("GET", path, credential.bearer, params=in_query(sent)))
        replies = [when_built(door) for door in doors]
        assert {(reply.status, reply.raw) for reply in replies} == {(replies[0].status, replies[0].raw)}
        return replies[0]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is called in this `with` block leaves no trace; credentials and objects are made before it."""
        self.client.services.ingest.flush()  # else what was furnished is counted later, while this is looked at
        self.client.services.inbox.flush()
        before = self.client.counts(TABLES)
        yield
        assert self.client.counts(TABLES) == before

    def key(self, user_id: int, *permissions: str) -> Credential:
        return Credential(self.stores.keys.add(user_id, ",".join(permissions)))

    def session(self, user_id: int, *key_permissions: str) -> Credential:
        """One opened with a password, or, with permissions, with a key that has them."""
        key_id = None
        if key_permissions:
            self.key(user_id, *key_permissions)
            key_id = self.stores.keys.of_user(user_id)[-1].id
        return Credential(session_id=self.stores.sessions.open(user_id, key_id))

    def _shop(self, user_id: int) -> Shop:
        """A new list of the user's, with the person of the examples on it."""
        key, list_id = self.stores.keys.add(user_id), self.stores.lists.add(user_id, "Web shop")
        shop = Shop(user_id, "", PASSWORD, key, list_id)
        key_of_all = self.stores.keys.add(user_id, "*")
        furnish(lambda command, **params: self.client.ok(command, key_of_all, **params), list_id)
        return shop


LIMITS = ",".join(f"{name}=1000000/60" for name in sorted({entry.limited_as for entry in ENTRIES}))
SETTINGS = {"TRACKER_LIMITS": LIMITS, "TRACKER_PLUGINS_FOLDER": PLUGINS}


@pytest.fixture(scope="module")
def furnished_on_each(new_client: NewClient) -> House:
    return House(new_client(SETTINGS))


@pytest.fixture(scope="module")
def furnished(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    client = InProcess(new_database("sqlite"), tmp_path_factory.mktemp("client"), SETTINGS)
    yield House(client)
    client.close()


def ready(house: House) -> House:
    """What was only refused has changed nothing: furniture is made anew where a call was answered since."""
    if house.is_used:
        house.furnish()
    return house


@pytest.fixture
def house(furnished: House) -> House:
    return ready(furnished)


@pytest.fixture
def house_on_each(furnished_on_each: House) -> House:
    return ready(furnished_on_each)


# Credentials that are none


def none(house: House, entry: Entry) -> list[Credential]:
    return [Credential()]


def malformed(house: House, entry: Entry) -> list[Credential]:
    """One text at each place: all commands have one reader of credentials, and the texts are taken in turn by them."""
    key, session = new_key().text, new_session_id()
    texts = ["x", key[:-1], key.lower(), session[:-1], "trk_" * 1000]
    text = texts[ENTRIES.index(entry) % len(texts)]
    return [Credential(text), Credential(None, text), Credential(None, None, text)]


def unknown(house: House, entry: Entry) -> list[Credential]:
    return [
        Credential(new_key().text),
        Credential(None, new_key().text),
        Credential(session_id=new_session_id()),
    ]


def revoked(house: House, entry: Entry) -> list[Credential]:
    """A key before it was ever used, and a session that was opened with it: a used one is refused within 5 seconds."""
    key = house.stores.keys.add(house.jane_id, "*")
    session = house.stores.sessions.open(house.jane_id, house.stores.keys.of_user(house.jane_id)[-1].id)
    assert house.stores.keys.revoke(key)
    return [Credential(key), Credential(None, key), Credential(session_id=session)]


def logged_out(house: House, entry: Entry) -> list[Credential]:
    session = house.stores.sessions.open(house.jane_id)
    house.stores.sessions.close(digest(session))
    return [Credential(session_id=session)]


def expired(house: House, entry: Entry) -> list[Credential]:
    return [
        Credential(session_id=Sessions(house.client.services.storage, 1, now=lambda: 0).open(house.jane_id))
    ]


CREDENTIALS = {
    none: 99998,
    malformed: 99998,
    unknown: 99998,
    revoked: 99998,
    logged_out: 99998,
    expired: 99999,
}


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_without_a_good_credential(entry: Entry, house: House) -> None:
    """Whoever may be called by anyone does not look at credentials; all others answer 401, whatever is sent with them."""
    right = house.right(entry)
    made = [(bad, code, credential) for bad, code in CREDENTIALS.items() for credential in bad(house, entry)]
    if entry.command.permission in OPEN:
        answered = {bad.__name__: house.call(entry, credential, right).status for bad, _, credential in made}
        assert set(answered.values()) == {200}, answered
        return
    with house.unchanged():
        for (bad, code, credential), params in product(made, (right, {})):
            assert_common(house.refused(entry, credential, params), code, bad.__name__)


def assert_common(reply: Reply, code: int, about: str = "") -> None:
    row = COMMON[code]
    assert reply.status == row.status, about
    [answered] = reply.body["Errors"]
    assert (answered["Code"], answered["Message"]) == (row.code, row.message)
    assert answered.keys() <= {"Code", "Message", "Hint"}


@pytest.mark.parametrize("entry", PUBLIC, ids=name_of)
def test_without_the_public_name_of_a_list(entry: Entry, house_on_each: House) -> None:
    """The name is the credential: without it, or with none that exists, a good key opens nothing."""
    house = house_on_each
    right, good = house.right(entry), house.key(house.jane_id, "*")
    nearly = right["EventListTrackerID"][:-1]
    wrong = (None, "", "x", "nJ0xW2bq_3Zt8Jm1", nearly, house.jane.list_id)
    with house.unchanged():
        for tracker_id, credential in product(wrong, (Credential(), good)):
            sent = {**right, "EventListTrackerID": tracker_id}
            assert_common(house.refused(entry, credential, sent), 99998)
    assert (
        house.call(entry, Credential(), {**right, "EventListTrackerID": house.tracker_id(house.john)}).status
        == 200
    )


# Permissions


def lacking(house: House, permission: object) -> list[Credential]:
    others = sorted(NAMES - {permission})
    if permission is administrator:
        return [
            house.key(house.jane_id, "*", *others),
            house.session(house.jane_id, "*"),
            house.key(house.john_id, "*", ADMINISTRATOR),
            house.session(house.john_id),
        ]
    return [
        house.key(house.jane_id),
        house.key(house.jane_id, *others, ADMINISTRATOR),
        house.session(house.jane_id, *others),
        house.key(house.poor_id, "*", str(permission)),
        house.session(house.poor_id),
    ]


@pytest.mark.parametrize("entry", RESTRICTED, ids=name_of)
def test_without_the_permission(entry: Entry, house: House) -> None:
    made, right = lacking(house, entry.command.permission), house.right(entry)
    with house.unchanged():
        for credential, params in product(made, (right, {})):
            assert_common(house.refused(entry, credential, params), 403)


#: Commands that need a permission more: they give others what it lets their caller see.
ALSO = {"share.create": ("Reports.Get",), "schedule.create": ("Reports.Get",)}


def enough(house: House, entry: Entry) -> list[Credential]:
    permission, jane_id = entry.command.permission, house.jane_id
    if permission in OPEN:
        return [Credential()]
    own = [ADMINISTRATOR] if permission is administrator else [str(permission)] if permission else []
    own += ALSO.get(entry.command.name, ())
    sessions = [house.session(jane_id), house.session(jane_id, *own)]
    assert entry.command.example is not None
    if "SessionID" in entry.command.example[0]:
        return sessions
    everything = [] if permission is administrator else [house.key(jane_id, "*")]
    return [house.key(jane_id, *own), *everything, *sessions]


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_the_permission_and_no_other_is_enough(
    entry: Entry, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = Delivered(MailOutcome.ACCEPTED, None, ())
    monkeypatch.setattr(MailWorker, "trial", lambda *_: accepted)
    for credential in enough(house, entry):
        right = ready(house).right(entry)
        reply = when_built(partial(house.call, entry, credential, right))
        assert reply.status == 200, reply.body


# Objects


def assert_not_found(house: House, entry: Entry, param: str, others: Any, missing: Any) -> None:
    """Another's object and a missing one give the same bytes: an error of the command's own, and nothing changes."""
    credential = house.key(house.jane_id, "*", ADMINISTRATOR)
    params = house.right(entry)
    with house.unchanged():
        replies = [house.refused(entry, credential, {**params, param: value}) for value in (others, missing)]
    assert replies[0].raw == replies[1].raw
    assert replies[0].status == replies[1].status
    [code] = replies[0].codes
    assert replies[0].status in [row.status for row in entry.command.errors if row.code == code]


@pytest.mark.parametrize(("entry", "param"), OBJECTS, ids=name_of)
def test_anothers_object_and_a_missing_one(entry: Entry, param: str, house_on_each: House) -> None:
    house, kind = house_on_each, kinds_of(entry)[param]
    assert_not_found(house, entry, param, kind.make(house.client, house.john), kind.missing)


# Would they notice?


class WidgetGet(Command):
    """Get a widget."""

    name = "widget.get"
    permission = "Widget.Get"
    errors = (invalid("WidgetID", 1),)
    example = ({"WidgetID": 1}, {})

    class Params(Schema):
        WidgetID = WholeNumber()

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return {}


def test_an_object_of_an_unknown_kind_is_noticed() -> None:
    with pytest.raises(UnknownKind, match=r"widget\.get: WidgetID: "):
        kinds_of(Entry(WidgetGet, "a test"))


LEAKING = '''
from marshmallow import Schema
from tracker import Command, Error, invalid
from tracker.fields import ListID
from tracker.tables import fn
from tracker.storage.schema.models import ListRow

class ListPeek(Command):
    """Tell whether there is a list."""
    name = "list.peek"
    permission = "List.Get"
    errors = (invalid("ListID", 1), Error(2, "No list"), Error(3, "Not yours"))
    example = ({"ListID": 1}, {"ListID": 1})

    class Params(Schema):
        ListID = ListID(required=True)

    def run(self, params):
        query = ListRow.select(ListRow.user_id).where(ListRow.id == params["ListID"])
        row = self.services.storage.read(lambda transaction: transaction.row(query), self.deadline)
        if row is None:
            raise self.error(2)
        if row[0] != self.caller.user_id:
            raise self.error(3)
        return params
'''


def test_a_command_that_tells_of_anothers_object_is_noticed(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "list_peek.py").write_text(LEAKING)
    settings = {"TRACKER_PLUGINS_FOLDER": str(tmp_path / "plugins")}
    client = InProcess(sqlite_url, tmp_path, settings)
    try:
        house = House(client)
        [entry] = [each for each in load_commands(tmp_path / "plugins") if each.command.name == "list.peek"]
        assert house.call(entry, house.key(house.jane_id, "*"), house.right(entry)).status == 200
        with pytest.raises(AssertionError):
            assert_not_found(house, entry, "ListID", house.john.list_id, KINDS["ListID"].missing)
    finally:
        client.close()
