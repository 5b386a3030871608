"""Countly: what its web SDK sends to `/i`: events, views, details of users, and changes of the device's id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tracker.errors import BODY_TOO_LARGE, CommandError
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    ALIAS,
    PAGE_VIEW,
    Params,
    address_of,
    agent_of,
    alias_of,
    event_id,
    identify,
    is_uuid,
    made,
    names,
    occurrence_id,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, no_event, other_list

#: Names of Countly's own: a view, which comes again with the time that it took, and a crash.
_VIEW, _CRASH = "[CLY]_view", "[CLY]_crash"
#: The type of a device's id that the site itself gave: it names a user, unless it is a UUID.
_GIVEN = ("0", 0)
#: The id of a device that waits for one.
_NO_ID = "[CLY]_temp_id"
#: Numbers beside the segmentation of an event. Most are of one: then nobody counted.
_NUMBERS = {"count": "$count", "sum": "$sum", "dur": "$duration"}


class Countly(Adapter):
    """Countly's server. The key is the `app_key` of each request."""

    family = "countly"
    title = "Countly"
    routes: ClassVar[Mapping[str, str]] = {
        "GET /i": "events",
        "POST /i": "events",
        "POST /i/bulk": "events",
        "GET /o/sdk": "configuration",
        "POST /o/sdk": "configuration",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        """Return the list in a query; a secret is not read from there."""
        found = SdkCredential.of(request.query.get("app_key"))
        return found._replace(secret=None) if found else None

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        found = (each.get("app_key") for each in (request.form, *_requests(request)))
        return next((SdkCredential.of(key) for key in found if key), None)

    def configuration(self, request: SdkRequest) -> SdkReply:
        """Answer with no configuration: clients keep their own."""
        return SdkReply(200, {})

    def events(self, request: SdkRequest) -> list[Item]:
        requests = _requests(request)
        key = requests[0].get("app_key")
        events = [_events_in(request, sent) for sent in requests]
        request.take(sum(len(each) or 1 if isinstance(each, list) else 1 for each in events))
        found = [
            item
            for sent, own in zip(requests, events, strict=True)
            for item in _items_of(request, sent, own, key)
        ]
        return found or [[]]

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(200, {"result": "Success"})

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        return SdkReply(refusal.status, {"result": refusal.message})


def _requests(request: SdkRequest) -> list[Params]:
    """Return the parameters of each request. Raises CommandError (100000)."""
    sent: Params = {**request.query, **(request.form if request.body else {})}
    if not request.path.endswith("bulk"):
        return [sent]
    if "requests" not in request.memo:
        request.memo["requests"] = _value(request, sent.get("requests"))
    found = request.memo["requests"]
    if not isinstance(found, list) or not found:
        raise unreadable("requests is an array of requests")
    shared = {name: value for name, value in sent.items() if name == "app_key"}
    return [{**shared, **each} if isinstance(each, dict) else {} for each in found]


def _events_in(request: SdkRequest, sent: Params) -> list[Any] | CommandError:
    """Return the events of one request, or why they cannot be read. Raises CommandError (100010)."""
    try:
        found = _value(request, sent.get("events")) or []
    except CommandError as error:
        if error.status == BODY_TOO_LARGE.status:
            raise
        return error
    return found if isinstance(found, list) else no_event("events is an array")


def _items_of(request: SdkRequest, sent: Params, events: list[Any] | CommandError, key: Any) -> list[Item]:
    """Return what one request becomes; all of a bulk have the key of its first, as they go to one list."""
    if not isinstance(sent.get("device_id"), str) or not isinstance(key, str) or sent.get("app_key") != key:
        return [no_event("a request has app_key, that of all in its bulk, and device_id")]
    if request.is_of_other_list(key):
        return [other_list()]
    if isinstance(events, CommandError):
        return [events]
    try:
        return list(_Sender(request, sent).items(events))
    except CommandError as error:
        if error.status == BODY_TOO_LARGE.status:
            raise
        return [error]


def _value(request: SdkRequest, sent: Any) -> Any:
    """Return the JSON value in a text; any other value as it is. Raises CommandError (100000, 100010)."""
    return request.json_in(sent) if isinstance(sent, str) and sent else sent


class _Sender:
    """One request: the device or user that it is of, and what all its events have in common."""

    def __init__(self, request: SdkRequest, sent: Params) -> None:
        self._request, self._sent = request, sent
        metrics = self._of("metrics")
        device = sent["device_id"] if sent["device_id"] != _NO_ID else ""
        is_named = sent.get("t") in _GIVEN and not is_uuid(device)
        self._device = device
        self.names, refused = names(device) if is_named else ({}, {})
        self.agent = agent_of(request, metrics.get("_ua"))
        self.address = address_of(request, sent.get("ip_address"))
        self.visitor = None if is_named else visitor_uuid(device)
        if not self.names and not self.visitor:
            own = self.agent or request.headers.get("user-agent", "")
            self.visitor = request.visitor_of_day(self.address.get("IPAddress", request.address), own)
        found = {"$lib": sent.get("sdk_name"), "$lib_version": sent.get("sdk_version")}
        kept = {name: value for name, value in found.items() if isinstance(value, str) and value}
        self.said = {**kept, **refused}

    def items(self, events: list[Any]) -> Iterator[Item]:
        if self._sent.get("old_device_id"):
            yield [self._changed()]
        details = self._of("user_details")
        if details:
            yield [self._identified(details)]
        yield from (self._event(each) for each in events)
        crash = self._of("crash")
        if crash:
            yield [
                made(_CRASH, {**self.said, **crash}, *self._shared({}), **self._options({}, _CRASH, crash))
            ]

    def _of(self, name: str) -> Params:
        found = _value(self._request, self._sent.get(name))
        return found if isinstance(found, dict) else {}

    def _shared(self, event: Params) -> tuple[Params, Params, Params]:
        clock, _ = times(self._request, event.get("timestamp") or self._sent.get("timestamp"))
        return self.names, clock, self.address

    def _options(self, event: Params, *kind: Any) -> Params:
        """Return what else an event has: its own id, or one of the moment when it was made, which comes again with it."""
        own = event_id(event.get("id"))
        moment = event.get("timestamp") or self._sent.get("timestamp")
        if own is None and moment:
            own = occurrence_id(self._request, "y", self._device, moment, *kind)
        return {"agent": self.agent, "UUID": self.visitor, "EventID": own}

    def _changed(self) -> Params:
        """Return the event of another id for the same device, which names who uses it from then on."""
        previous, options = self._sent["old_device_id"], self._options({}, ALIAS)
        if is_uuid(self._device):
            ids = {"previous_id": previous, "user_id": self._device}
            return made(ALIAS, {**self.said, **ids}, *self._shared({}), **options)
        _, *others = self._shared({})
        return alias_of(previous, self._device, self.said, *others, **{**options, "UUID": None})

    def _identified(self, details: Params) -> Params:
        traits = {name: value for name, value in details.items() if name != "custom"}
        custom = inner(details, "custom").items()
        traits |= {name: value for name, value in custom if not _is_operation(value)}
        of_email, refused = names(None, traits.get("email"))
        return identify(
            traits,
            {**self.said, **refused},
            of_email,
            *self._shared({}),
            **self._options({}, "identify", details),
        )

    def _event(self, sent: Any) -> Item:
        if not isinstance(sent, dict) or not isinstance(sent.get("key"), str):
            return no_event("an event has a key")
        segmentation = inner(sent, "segmentation")
        is_view = sent["key"] == _VIEW
        if is_view and "visit" not in segmentation:
            return []
        numbers = {ours: sent[name] for name, ours in _NUMBERS.items() if sent.get(name) not in (None, 0, "")}
        if numbers.get("$count") == 1:
            del numbers["$count"]
        _, late = times(self._request, sent.get("timestamp"))
        said = {**self.said, **(self._page(segmentation) if is_view else {}), **late, **numbers}
        name = PAGE_VIEW if is_view else sent["key"]
        options = self._options(sent, sent["key"], segmentation, *([numbers] if numbers else ()))
        return [made(name, {**said, **segmentation}, *self._shared(sent), **options)]

    def _page(self, view: Params) -> Params:
        """Return title and address of a view: its path at the host that the browser names, or at its domain."""
        title = {"$page_title": view["name"]} if view.get("name") else {}
        path, domain = view.get("view"), view.get("domain")
        if not isinstance(path, str) or not path.startswith("/") or not isinstance(domain, str):
            return title
        origin = self._request.headers.get("origin", "")
        is_here = origin.startswith("http") and _host_of(origin) == domain
        return {**title, "$current_url": f"{origin if is_here else f'https://{domain}'}{path}"}


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


def _is_operation(value: Any) -> bool:
    """Whether a detail is a change of one that is there, such as {"$inc": 1}."""
    return isinstance(value, dict) and any(name.startswith("$") for name in value)
