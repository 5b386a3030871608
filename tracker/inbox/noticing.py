"""Noticing: what an answered call of an event command tells the inbox: who sent it, and why it was refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tracker.call import Answer, Call
from tracker.caller import Caller
from tracker.domain.masked_bodies import MAX_BODY_BYTES, masked
from tracker.formats.client_ip import truncated
from tracker.formats.credentials import is_public_id
from tracker.formats.event_limits import is_event_id
from tracker.formats.page_origins import is_allowable
from tracker.inbox.collector import OTHERS, Addressee, Inbox, Sent
from tracker.inbox.new_senders import NewSenders
from tracker.storage.rejections import KEY, LISTLESS, MAX_BODIES, NETWORK, ORIGIN, SIGNAL

#: The commands whose calls are noticed, and the one of them that browsers call.
TRACK, BATCH, COLLECT = "event.track", "event.batch", "event.collect"
NOTICED = frozenset((TRACK, BATCH, COLLECT))
#: The reasons of calls that were stored, but not as they were meant.
IGNORED_NAMES, WITHOUT_LIST = "ignored", "listless"
#: Parameters of a call that are none of its event, and names that may hold a credential.
_OF_CALL = frozenset(("command", "apikey", "sessionid", "eventlisttrackerid", "events"))
_SECRET = re.compile(r"key|session|token|secret|passw", re.IGNORECASE)
#: What pages are told of that may not send: the common row speaks of permissions.
_OF_ORIGIN = {"Code": 403, "Message": "Pages of this origin may not send events"}
_HINT = "If the page is yours, add its origin to AllowedOrigins of list.update; anybody can send in the name of any page"
_HINT_OF_NONE = (
    "What sends so has no origin that could be allowed, such as a page in a frame with `sandbox` or in a file"
)
#: Characters of a user agent that are kept with a body: whether it is a robot's is decided by it.
_MAX_AGENT = 300


class Notices:
    """Tells an inbox of calls. No call waits for it or fails by it. `notes` is the header that names unknown parameters."""

    def __init__(self, inbox: Inbox, notes: str) -> None:
        self._inbox, self._notes = inbox, notes
        self._new = NewSenders()

    def answered(self, call: Call, answer: Answer, now: int) -> None:
        """Notice an answered call of an event command."""
        params, caller = call.params, answer.caller or Caller(None)
        if answer.status >= 500 or _is_test(params):
            return
        target = _target(params, answer, caller)
        origin = self._told_apart(target, call.address, call.sender.origin or "")
        sender = _sender(call, caller, origin)
        if answer.status >= 400:
            self._refused(call, answer, target, sender, answer.body["Errors"], [params])  # type: ignore[index]
            return
        results, count = answer.body.get("results"), 1  # type: ignore[union-attr]
        if results is not None:
            count = self._items(call, answer, target, sender, results)
            for rows, number in call.unmade.refused() if call.unmade else ():
                self._inbox.refused(target, str(rows[0]["Code"]), sender, orjson.dumps(rows), number)
        if count:
            self._seen(call, answer, caller, target, (origin, sender), now, count)
        if self._notes in answer.headers:
            row = {"Code": 0, "Message": answer.headers[self._notes]}
            self._refused(call, answer, target, sender, [row], [params], IGNORED_NAMES)

    def preflight(self, tracker_id: str, origin: str, address: str) -> None:
        """Notice that a browser asked whether a page may send events, and heard that it may not."""
        target = Addressee(tracker_id=tracker_id)
        named = self._told_apart(target, address, origin)
        sender = f"{ORIGIN} {named}" if named else OTHERS
        self._inbox.refused(target, "403", sender, orjson.dumps(_of_origin(origin)))

    def _told_apart(self, target: Addressee, address: str, origin: str) -> str:
        """Return the origin; "" for none, and for one of too many that are brought from one network."""
        is_named = origin and self._new.is_named((target, truncated(address)), origin)
        return origin if is_named else ""

    def _seen(
        self,
        call: Call,
        answer: Answer,
        caller: Caller,
        target: Addressee,
        by: tuple[str, str],
        now: int,
        count: int,
    ) -> None:
        origin, sender = by
        if answer.command == COLLECT:
            self._inbox.seen(target, ORIGIN, origin, now, count)
            if call.sender.has_privacy_signal:
                self._inbox.seen(target, SIGNAL, "", now, count)
            return
        name = "" if caller.key_id is None else str(caller.key_id)
        self._inbox.seen(target, KEY, name, now, count)
        if target.list_id is None and answer.command == TRACK:
            self._inbox.seen(target, LISTLESS, name, now, count)
            row = {"Code": 0, "Message": "Stored without a list: the call named no ListID"}
            self._refused(call, answer, target, sender, [row], [call.params], WITHOUT_LIST)

    def _items(
        self, call: Call, answer: Answer, target: Addressee, sender: str, results: Sequence[Any]
    ) -> int:
        """Notice the refused events of a batch; return how many were not refused."""
        sent, refused = found(call.params, "Events") or (), 0
        for item, result in zip(sent, results, strict=False):
            if result["status"] != "error":
                continue
            refused += 1
            params = item if isinstance(item, dict) else {}
            of = target if answer.command == COLLECT else _listed(target, found(params, "ListID"))
            self._refused(call, answer, of, sender, result["Errors"], [params])
        return len(results) - refused

    def _refused(
        self,
        call: Call,
        answer: Answer,
        target: Addressee,
        sender: str,
        rows: Sequence[Mapping[str, Any]],
        bodies: Sequence[Mapping[str, Any]],
        reason: str = "",
    ) -> None:
        reason = reason or str(rows[0]["Code"])
        rows = _of_origin(call.sender.origin) if answer.command == COLLECT and reason == "403" else rows
        may_keep = self._inbox.refused(target, reason, sender, orjson.dumps(list(rows)))
        if not may_keep or target == Addressee() or call.sender.has_privacy_signal or answer.status == 429:
            return
        for params in bodies[:MAX_BODIES]:
            self._inbox.keep(target, reason, sender, _sent(call, answer, params))


def _of_origin(origin: str | None) -> list[dict[str, Any]]:
    return [{**_OF_ORIGIN, "Hint": _HINT if origin and is_allowable(origin) else _HINT_OF_NONE}]


def found(params: Mapping[str, Any], name: str) -> Any:
    """Return a parameter in any letter case; an exact spelling goes first."""
    if name in params:
        return params[name]
    wanted = name.lower()
    return next((params[key] for key in params if len(key) == len(name) and key.lower() == wanted), None)


def _target(params: Mapping[str, Any], answer: Answer, caller: Caller) -> Addressee:
    if answer.command == COLLECT:
        if caller.list_id is not None:
            return Addressee(list_id=caller.list_id)
        tracker_id = params.get("EventListTrackerID")
        return Addressee(tracker_id=tracker_id) if _is_id(tracker_id) else Addressee()
    if caller.user_id is None:
        return Addressee()
    tracker_id = found(params, "EventListTrackerID")
    named = Addressee(caller.user_id, tracker_id=tracker_id if _is_id(tracker_id) else None)
    return _listed(named, found(params, "ListID"))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and is_public_id(value)


def _listed(target: Addressee, sent: Any) -> Addressee:
    """Return the target with the list that was sent, if that is a number."""
    if isinstance(sent, str) and sent.isascii() and sent.isdigit() and len(sent) < 19:
        sent = int(sent)
    is_number = isinstance(sent, int) and not isinstance(sent, bool) and 0 < sent < 2**63
    return target._replace(list_id=sent, tracker_id=None) if is_number else target


def _sender(call: Call, caller: Caller, origin: str) -> str:
    """Return who sent a call: the origin of a page, if it is told apart, a key, a session, or the network of a stranger."""
    if caller.key_id is not None:
        return f"{KEY} {caller.key_id}"
    if caller.user_id is not None and caller.list_id is None:
        return "session"
    if call.sender.origin:
        return f"{ORIGIN} {origin}" if origin else OTHERS
    return f"{NETWORK} {truncated(call.address) or ''}".strip()


def _is_test(params: Mapping[str, Any]) -> bool:
    properties = found(params, "Properties")
    return isinstance(properties, dict) and properties.get("isTest") in (True, "true", "1")


def _sent(call: Call, answer: Answer, params: Mapping[str, Any]) -> Sent:
    """Return the body of an event, without what is the call's: its credentials above all."""
    event = {name: value for name, value in params.items() if name.lower() not in _OF_CALL}
    key = found(event, "EventID")
    around = {"Door": answer.command, "UserAgent": call.sender.user_agent[:_MAX_AGENT]}
    return Sent(
        _json({**around, "Sent": masked(event)}) or _json({**around, "Sent": {}}) or b"{}",
        _json({**around, "Sent": _without_secrets(event)}),
        key if isinstance(key, str) and is_event_id(key) else "",
    )


def _without_secrets(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: "(hidden)" if _SECRET.search(name) and not isinstance(value, dict) else value
        for name, value in event.items()
    }


def _json(value: dict[str, Any]) -> bytes | None:
    """Return the JSON; None if it is too long, or no JSON that can be written."""
    try:
        text = orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return None
    return text if len(text) <= MAX_BODY_BYTES else None
