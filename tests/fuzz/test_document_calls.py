"""Does a served Tracker answer as its document says, whatever is called? Schemathesis makes up the calls."""

from __future__ import annotations

import copy
import functools
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from requests.structures import CaseInsensitiveDict
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.generation.meta import CoverageScenario
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz import oracle
from tests.fuzz.exemptions import EXEMPTIONS, NOWHERE, Exemption, allowed_codes
from tests.mail.mailbox import receiving_mails
from tests.processes import until
from tests.reply_schemas import Document, document, faults
from tests.served import Account, StartTracker, Tracker, make_account
from tracker.plugins import load_commands

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
#: Of calls that are not allowed most are refused for the same few reasons.
FEWER = settings(FEW, max_examples=6)
#: A plugin with a tile that has numbers of its own.
TILES, TILE = Path(__file__).parents[1] / "plugins/examples/tiles.py", "example.names"
#: Commands about one subscriber that is there.
VERBS = ("delete", "events", "explain", "export", "forget", "get", "unmerge", "update")
OF_ONE = {f"subscriber.{verb}" for verb in VERBS}
JSON = "application/json"
#: Forms and queries have the edges that JSON has, and become the same parameters: of theirs one in so many is sent, and at the
#: path of all commands one in so many again. `make fuzz` sends many of each.
EVERY, EVERY_COMMAND = 6, 5
#: Parameters that the same code reads for every command: one wrong type is enough for each command.
SHARED = ("Command", "ListID", *oracle.CREDENTIALS)
LEGACY = "POST /api.php"
#: Cases with some of the parameters: some of these have only what belongs together.
WHOLE = (CoverageScenario.OBJECT_ONLY_REQUIRED, CoverageScenario.OBJECT_REQUIRED_AND_OPTIONAL)
#: Longer ones are not read.
MAX_REQUEST_LINE = 4094
#: Where nobody listens, and no name server is asked: one that loses a packet holds a call up for seconds.
UNHEARD = "http://127.0.0.1:9/"
MANY = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))


def loaded(raw: Document) -> schemathesis.BaseSchema:
    schema = schemathesis.openapi.from_dict(raw)
    schema.config.generation.with_security_parameters = False  # the key comes from the test
    return schema


def focused() -> Document:
    """The document with no room for parameters that do not exist: they are ignored, and would be most of what is sent."""
    raw = copy.deepcopy(document())
    for name, schema in raw["components"]["schemas"].items():
        if name.endswith(".Request"):
            schema["additionalProperties"] = False
    return raw


def fewer_at_once(raw: Document) -> Document:
    """The document with some of the commands at the path of all: their edges are those at their own paths."""
    few = {**raw, "paths": copy.deepcopy(raw["paths"])}
    for body in few["paths"]["/api.php"]["post"]["requestBody"]["content"].values():
        if "oneOf" in body["schema"]:
            body["schema"]["oneOf"] = body["schema"]["oneOf"][::EVERY]
    return few


Operations = dict[str, Any]


def operations_of(raw: Document) -> Operations:
    return {found.ok().label: found.ok() for found in loaded(raw).get_all_operations()}


DOCUMENTS = {GenerationMode.POSITIVE: focused(), GenerationMode.NEGATIVE: document()}
BY_MODE = {mode: operations_of(raw) for mode, raw in DOCUMENTS.items()}
OPERATIONS = BY_MODE[GenerationMode.POSITIVE]
#: A call without parameters cannot be wrong in one.
WITH_PARAMETERS = [
    label for label, found in OPERATIONS.items() if found.body or list(found.iter_parameters())
]


@schemathesis.serializer("application/x-ndjson")
def ndjson(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return str(value).encode()


def is_number(value: Any) -> bool:
    """Whether something that exists is put in for it, which a query says in digits: even numbers stay somebody's or nobody's."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return type(value) is int and 0 < value < 2**63 and value % 2 == 1


#: Numbers of what a list keeps: the command that lists it, with the key of its answer, and the one that makes it.
KEPT: dict[str, tuple[tuple[str, str], tuple[str, dict[str, Any]]]] = {
    "SavedReportID": (
        ("savedreports.get", "SavedReports"),
        ("savedreport.create", {"Name": "x", "Report": "reports.trend"}),
    ),
    "AnnotationID": (("annotations.get", "Annotations"), ("annotation.create", {"Text": "x"})),
    "ShareID": (("shares.get", "Shares"), ("share.create", {"Overview": True})),
    "AlertID": (
        ("alerts.get", "Alerts"),
        ("alert.create", {"Name": "Quiet", "Kind": "silence", "Event": "never", "To": ["a@example.com"]}),
    ),
    "ScheduleID": (
        ("schedules.get", "Schedules"),
        ("schedule.create", {"Overview": True, "Every": "day", "To": ["a@example.com"]}),
    ),
}


class Caller:
    """Sends what Schemathesis makes up, with credentials and ListIDs that exist, and judges the answers."""

    def __init__(self, tracker: Tracker, account: Account) -> None:
        self.tracker, self.account = tracker, account
        self.with_key, self.without_key = requests.Session(), requests.Session()
        self.with_key.headers["Authorization"] = f"Bearer {account.key}"
        for session in (self.with_key, self.without_key):
            session.trust_env = False
        described = tracker.call("list.get", account.key, ListID=account.list_id).body["List"]
        self.tracker_id = described["EventListTrackerID"]
        self.statuses: Counter[int] = Counter()
        self.there: dict[str, int] = {}

    def call(self, case: schemathesis.Case) -> None:
        session = self.without_key if self.put_in_what_exists(case) else self.with_key
        response = case.call(base_url=self.tracker.url, session=session, timeout=15)
        self.statuses[response.status_code] += 1
        if response.status_code == 200 and case.method != "GET":
            self.there.clear()  # it may be gone
        self.judge(case, response)

    def put_in_what_exists(self, case: schemathesis.Case) -> bool:
        """A ListID that could be one becomes ours, but for even ones: they stay somebody's or nobody's.

        True if there is now a session to log out from, which has to be the only credential.
        """
        sent: Any = case.body if isinstance(case.body, dict) else case.query if case.method == "GET" else None
        if not isinstance(sent, dict):
            return False
        command = self.command_of(case, sent)
        self.put_in_lists(command or "", sent)
        self.put_in_members(command or "", sent)
        self.put_in_what_reports_name(command or "", sent)
        sent |= {"EventListTrackerID": self.tracker_id} if command == "event.collect" else {}
        if command == "events.follow":
            sent["Seconds"] = 0  # a client that waits for the end shall see one
        if command == "user.logout":
            sent.pop("APIKey", None)
            sent["SessionID"] = self.tracker.call("user.login", APIKey=self.account.key).body["SessionID"]
        if command == "user.login" and isinstance(sent.get("Username"), str):
            sent |= {"Username": self.account.email, "Password": self.account.password}
        elif command == "user.login" and isinstance(sent.get("APIKey"), str):
            sent["APIKey"] = self.account.key
        return command == "user.logout"

    def put_in_lists(self, command: str, sent: dict[str, Any]) -> None:
        """Our list; but one of that name to delete, if a list can have the name: all other calls need ours."""
        for name in ("ListID", "SubscriberListID"):
            if is_number(sent.get(name)):
                sent[name] = self.account.list_id
        if command == "list.delete" and str(sent.get("ListID")) == str(self.account.list_id):
            named = {"SubscriberListName": sent["Name"]} if isinstance(sent.get("Name"), str) else {}
            made = self.tracker.call("list.create", self.account.key, **named)
            sent["ListID"] = int(made.body.get("ListID", NOWHERE))

    def put_in_members(self, command: str, sent: dict[str, Any]) -> None:
        """A key, a subscriber and a field of ours, made for this call, for those that are named; but for even numbers."""
        if command == "apikey.revoke" and isinstance(sent.get("Prefix"), str) and sent["Prefix"]:
            sent["Prefix"] = self.tracker.call("apikey.create", self.account.key).body["Prefix"]
        if command == "customfield.delete" and is_number(sent.get("CustomFieldID")):
            sent["CustomFieldID"] = self.made("customfield.create", "CustomFieldID", FieldName="x")
        if command not in OF_ONE:
            return
        address = f"{uuid.uuid4().hex}@example.com"
        if is_number(sent.get("SubscriberID")):
            sent["SubscriberID"] = int(self.made("subscriber.create", "SubscriberID", EmailAddress=address))
        elif isinstance(sent.get("EmailAddress"), str):
            self.made("subscriber.create", "SubscriberID", EmailAddress=address)
            sent["EmailAddress"] = address
        if command == "subscriber.unmerge" and isinstance(sent.get("UUID"), str):
            sent["UUID"] = self.made(
                "event.track", "uuid", Event="seen", UUID=str(uuid.uuid4()), Email=address
            )

    def put_in_what_reports_name(self, command: str, sent: dict[str, Any]) -> None:
        """What a list keeps, made for those that are named; but for even numbers."""
        makers: dict[str, Callable[[], int]] = {
            "GoalID": self.goal,
            "SegmentID": self.segment,
            "TriggerID": self.trigger,
            "DeliveryID": self.delivery,
            **{name: partial(self.kept, name) for name in KEPT},
        }
        if command in ("visit.get", "event.get"):
            makers["EventID"] = self.event
            for other in ("SentEventID", "WithoutList") if is_number(sent.get("EventID")) else ():
                sent.pop(other, None)  # one of the two
        for name, make in makers.items():
            if is_number(sent.get(name)):
                sent[name] = self.there[name] = self.there.get(name) or make()
        if command in ("share.create", "schedule.create") and "SavedReportID" in sent:
            sent.pop("Overview", None)  # a link shows one of the two
        if command.startswith("rejection.") and is_number(sent.get("RejectionID") or sent.get("BodyID")):
            self.put_in_rejection(command, sent)
        if command == "tile.get" and isinstance(sent.get("Tile"), str) and len(sent["Tile"]) % 2:
            sent["Tile"] = TILE

    def event(self) -> int:
        """The oldest of our latest events that reports know, made if there is none. Robots' are part of no visit."""
        about, key = {"ListID": self.account.list_id}, self.account.key

        def latest() -> list[int]:
            recent = self.tracker.ok("events.recent", key, **about)["Events"]
            return [int(event["EventID"]) for event in recent if not event["IsBot"]]

        if not latest():
            self.tracker.ok("event.track", key, **about, Event="seen")
        oldest = latest()[-1]
        until(
            lambda: self.tracker.call("visit.get", key, **about, EventID=oldest).status == 200,
            30,
            "its visit",
        )
        return oldest

    def goal(self) -> int:
        """A goal of ours, made if there is none."""
        there = self.tracker.ok("goals.get", self.account.key, ListID=self.account.list_id)["Goals"]
        named = {"Name": "A goal", "Event": "seen"}
        return int(there[0]["GoalID"] if there else self.made("goal.create", "GoalID", **named))

    def kept(self, name: str) -> int:
        """The number of a saved report, an annotation or a share link of ours, made if there is none."""
        (listing, key), (creation, params) = KEPT[name]
        there = self.tracker.ok(listing, self.account.key, ListID=self.account.list_id)[key]
        return int(there[0][name] if there else self.made(creation, name, **params))

    def segment(self) -> int:
        """A segment of ours, made if there is none."""
        there = self.tracker.ok("segments.get", self.account.key, ListID=self.account.list_id)["Segments"]
        rule = [{"Of": "person", "Event": "seen", "Is": "happened"}]
        named = {"Name": f"A segment {uuid.uuid4().hex}", "Rule": rule}
        return int(there[0]["SegmentID"] if there else self.made("segment.create", "SegmentID", **named))

    def trigger(self) -> int:
        """A paused trigger of ours, made if there is none."""
        there = self.tracker.ok("triggers.get", self.account.key, ListID=self.account.list_id)["Triggers"]
        named = {"Name": "Told", "Event": "never", "URL": UNHEARD, "IsActive": False}
        return int(there[0]["TriggerID"] if there else self.made("trigger.create", "TriggerID", **named))

    def delivery(self) -> int:
        """A delivery of ours that waits for another try, made if there is none."""
        about, key = {"ListID": self.account.list_id}, self.account.key

        def there() -> list[dict[str, Any]]:
            return list(self.tracker.ok("deliveries.get", key, **about)["Deliveries"])

        if not there():
            self.made("trigger.create", "TriggerID", Name="Tells", Event="told", URL=UNHEARD)
            self.tracker.ok("event.track", key, **about, Event="told")
        return int(until(there, 30, "the delivery")[0]["DeliveryID"])

    def put_in_rejection(self, command: str, sent: dict[str, Any]) -> None:
        """An event of ours that was refused. One is sent again, one dismissed: a new one is written seconds later."""
        about, key = {"ListID": self.account.list_id}, self.account.key

        def there() -> list[dict[str, Any]]:
            found = self.tracker.ok("rejections.get", key, **about)["Rejections"]
            whole = [
                self.tracker.ok("rejection.get", key, **about, RejectionID=each["RejectionID"])
                for each in found[:1]
            ]
            return [each["Rejection"] for each in whole if each["Rejection"]["Bodies"]]

        if command in ("rejection.replay", "rejection.dismiss") and self.statuses[200]:
            return
        if not there():
            self.tracker.call("event.track", key, **about, Event="", Email="a@example.com")
        [rejection] = until(there, 30, "the rejection")
        sent |= about
        for other in ("WithoutList", "OfStrangers"):
            sent.pop(other, None)
        if command == "rejection.replay":
            sent |= {"BodyID": int(rejection["Bodies"][0]["BodyID"]), "Body": {"Event": "mended"}}
        else:
            sent["RejectionID"] = int(rejection["RejectionID"])

    def made(self, command: str, key: str, **params: Any) -> Any:
        list_id = self.account.list_id
        answer = self.tracker.call(
            command, self.account.key, ListID=list_id, SubscriberListID=list_id, **params
        )
        return answer.body.get(key, 1)

    def command_of(self, case: schemathesis.Case, sent: Any) -> str | None:
        if case.path == "/api.php":
            named = sent.get("Command") if isinstance(sent, dict) else None
            return named if isinstance(named, str) else None
        tags: list[str] = document()["paths"][case.path]["post"]["tags"]
        return tags[0]

    def judge(self, case: schemathesis.Case, response: schemathesis.Response) -> None:
        request, status = response.request, response.status_code
        if request.method not in {method.upper() for method in document()["paths"][case.path]}:
            assert status in (204, 404, 405) if case.path != "/api.php" else status in (204, 400, 404, 405)
            return
        if (
            status == 414
        ):  # the server's own answer to what is no request yet: no command is asked, and none documents it
            assert len(request.url or "") > MAX_REQUEST_LINE - 100
            assert [row["Code"] for row in response.json()["Errors"]] == [100010]
            return
        case.validate_response(response, checks=CHECKS)
        headers = CaseInsensitiveDict({name: values[0] for name, values in response.headers.items()})
        parsed = oracle.parameters_of(request)
        named = self.command_of(case, parsed[0] if parsed else None)
        wrong = faults(request.method or "", case.path, status, headers, response.content, named)
        assert not wrong, f"{wrong}\n{case.as_curl_command()}\n{response.text}"
        if parsed is not None and named in oracle.commands():
            self.compare(named, *parsed, response)

    def compare(
        self, command: str, params: dict[str, Any], is_text: bool, response: schemathesis.Response
    ) -> None:
        """The answer that the document lets expect."""
        status = response.status_code
        if not oracle.is_valid(command, params, is_text):
            assert 400 <= status < 500, f"{command}: accepted {params}"
        elif status != 200:
            codes = {row["Code"] for row in response.json()["Errors"]}
            if command == "event.collect" and "EventListTrackerID" not in params:
                assert codes == {99998}, "its credential is a parameter"
                return
            assert codes <= allowed_codes(command), f"{command}: {params}: {response.text}"


@pytest.fixture(scope="module")
def tracker(start_tracker: StartTracker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    plugins = tmp_path_factory.mktemp("plugins")
    shutil.copy(TILES, plugins)
    names = {entry.limited_as for entry in load_commands()} | {"event.collect.address"}
    limits = ",".join(f"{name}=1000000/60" for name in sorted(names))
    with receiving_mails() as mails:
        yield start_tracker(
            settings={
                "TRACKER_LIMITS": limits,
                "TRACKER_SMTP_URL": mails.url,
                "TRACKER_MAIL_FROM": "tracker@example.com",
                "TRACKER_PLUGINS_FOLDER": str(plugins),
                "TRACKER_OUTGOING_ALLOW": "public,127.0.0.1",
            }
        )


@pytest.fixture(scope="module")
def account(tracker: Tracker) -> Account:
    return make_account(tracker, "fuzz@example.com", "*", "Administrator", is_admin=True)


@pytest.fixture
def caller(tracker: Tracker, account: Account) -> Iterator[Caller]:
    made = Caller(tracker, account)
    with made.with_key, made.without_key:
        yield made


@functools.cache
def legacy(mode: GenerationMode) -> Any:
    """The operation that calls any command, with some of them."""
    return operations_of(fewer_at_once(DOCUMENTS[mode]))[LEGACY]


def cases_at_the_edges(operation: Any, mode: GenerationMode) -> Iterator[schemathesis.Case]:
    schema = operation.schema
    yield from schema.iter_coverage_cases(
        operation, generation_modes=[mode], generation_config=schema.config.generation
    )


def some_at_the_edges(label: str, mode: GenerationMode) -> Iterator[schemathesis.Case]:
    """The edges of each parameter as JSON; in the other forms, and with wrong methods, of each kind the first and every so many."""
    is_legacy = "/api.php" in label
    every = EVERY * EVERY_COMMAND if is_legacy else EVERY
    seen: Counter[object] = Counter()
    seen[CoverageScenario.UNSPECIFIED_HTTP_METHOD] = list(OPERATIONS).index(
        label
    )  # each method at another path
    for case in cases_at_the_edges(legacy(mode) if label == LEGACY else BY_MODE[mode][label], mode):
        found = case.meta.phase.data
        named = found.description.partition(": ")[0]
        is_wrong_method = found.scenario is CoverageScenario.UNSPECIFIED_HTTP_METHOD
        if case.media_type == JSON and not is_legacy and not is_wrong_method:
            kind: object = named, found.scenario
            is_tried = named not in SHARED or not seen[kind]
        else:
            kind = found.scenario if is_wrong_method else (case.media_type, found.scenario)
            is_tried = seen[kind] % every == 0 or (
                found.scenario in WHOLE and label.startswith("GET /api/v1")
            )
        seen[kind] += 1
        if is_tried:
            yield case


def random_cases(label: str, mode: GenerationMode, caller: Caller, how: settings) -> None:
    @how
    @given(BY_MODE[mode][label].as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case) -> None:
        caller.call(case)

    call()


@pytest.mark.parametrize("label", OPERATIONS)
def test_allowed_calls_are_answered(label: str, caller: Caller) -> None:
    """At the edges of each parameter and at random; each operation does what it is for at least once."""
    for case in some_at_the_edges(label, GenerationMode.POSITIVE):
        caller.call(case)
    random_cases(label, GenerationMode.POSITIVE, caller, FEW)
    assert caller.statuses[200], f"{label} was never answered with 200: {caller.statuses}"


@pytest.mark.parametrize("label", WITH_PARAMETERS)
def test_calls_that_are_not_allowed_are_refused(label: str, caller: Caller) -> None:
    for case in some_at_the_edges(label, GenerationMode.NEGATIVE):
        caller.call(case)
    random_cases(label, GenerationMode.NEGATIVE, caller, FEWER)


@pytest.mark.fuzz
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", OPERATIONS)
def test_many_calls(label: str, mode: GenerationMode, caller: Caller) -> None:
    if mode is GenerationMode.POSITIVE or label in WITH_PARAMETERS:
        for case in cases_at_the_edges(BY_MODE[mode][label], mode):
            caller.call(case)
        random_cases(label, mode, caller, MANY)


@pytest.mark.parametrize("row", EXEMPTIONS, ids=lambda row: f"{row.command}-{row.code}")
def test_an_exemption_is_needed(row: Exemption, caller: Caller) -> None:
    """The schema allows it and the command does not: an exemption that nothing needs has to go."""
    params = row.params | (
        {"EventListTrackerID": caller.tracker_id} if row.command == "event.collect" else {}
    )
    assert oracle.is_valid(row.command, params, is_text=False)
    answer = caller.tracker.call(row.command, caller.account.key, **params)
    assert (answer.status, [found["Code"] for found in answer.body["Errors"]]) == (422, [row.code])
