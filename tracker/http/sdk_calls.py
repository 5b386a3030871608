"""SDK calls: the events of one request of an SDK are handed to a command, a thousand at a time, and each gets its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from tracker.call import CALL_SECONDS, Answer, Call, Knows
from tracker.dispatch import Dispatcher
from tracker.errors import (
    NOT_AUTHENTICATED,
    RATE_LIMITED,
    UNEXPECTED,
    UNREADABLE_BODY,
    CommandError,
)
from tracker.http.body.reader import read_body
from tracker.http.throttle import Throttle
from tracker.http.unread import MAX_CHEAP_BYTES, is_short
from tracker.sdks import Adapter, Item, SdkCredential, SdkRefusal, SdkRequest
from tracker.sdks.shapes import GZIP_MAGIC

#: Events of one call.
MAX_EVENTS = 1_000
#: Bytes at each end of a body in which an API key is looked for: SDKs write it before their events, or after them.
MAX_SHOWN_BYTES = 64 * 1024
#: Headers that browsers alone send. `Sec-Fetch-Mode` is none of them: Node.js sends it too.
_OF_BROWSERS = frozenset(("origin", "sec-fetch-site", "sec-fetch-dest", "sec-fetch-user"))
#: The parameter that names a list by its public id.
ID_PARAM = "EventListTrackerID"
#: A batch with an EventID that is another event's: what comes again differs from what came first, which stays.
_TAKEN = 17
#: The code with which a batch refuses a public id: none of the key's owner.
_FOREIGN_ID = 25
_KEPT_STATUSES = frozenset((400, 401, 403, 404, 405, 413, 429, 500, 503))


@dataclass
class SdkEvents:
    """The events of one request: `read` finds who sends them, and `make` reads them once that caller is admitted.

    `credential` is that of the request, once it is known; `is_public`: the call is one by a public id. `items` are its things,
    once they are read. `is_leak`: a page sent an API key, which everybody who opens it can read. `has_unshown_key`: an API key
    was found in a body that did not show it.
    """

    adapter: Adapter
    request: SdkRequest
    environ: Mapping[str, Any]
    throttle: Throttle
    deadline: float
    credential: SdkCredential | None = None
    is_public: bool = True
    is_leak: bool = False
    has_unshown_key: bool = False
    is_fetched: bool = False
    items: list[Item] = field(default_factory=list)
    parts: list[list[dict[str, Any]]] = field(default_factory=list)

    @property
    def is_cheap(self) -> bool:
        """Whether body and query are short. What is packed is not, whether it says so or not."""
        is_packed = self.request.raw.startswith(GZIP_MAGIC)
        return (
            is_short(self.environ)
            and not is_packed
            and len(self.environ.get("QUERY_STRING", "")) < MAX_CHEAP_BYTES
        )

    def fetch(self) -> None:
        """Take the bytes of the body, once. Raises CommandError (100000, 100010)."""
        if not self.is_fetched:
            self.request.raw, self.is_fetched = read_body(self.environ, self.request.max_bytes), True

    @property
    def is_named_in_body(self) -> bool:
        """Whether the body may name the list, or an API key for the list that the path names."""
        has_reader = type(self.adapter).credential_in_body is not Adapter.credential_in_body
        is_of_path = self.request.path_id is not None and self.credential and self.credential.secret is None
        return has_reader and (self.credential is None or bool(is_of_path))

    def shows_key(self, knows: Callable[[bytes, float], bool]) -> bool:
        """Whether a good API key stands in the body as it is, near one of its ends. Raises CommandError (100010, 100012)."""
        self.fetch()
        with self._turn():
            try:
                text = self.request.unpacked
            except CommandError:
                return False  # refused in the order of all checks, a limit that is used up first
            if len(text) > 2 * MAX_SHOWN_BYTES:
                text = text[:MAX_SHOWN_BYTES] + b"\n" + text[-MAX_SHOWN_BYTES:]
            return knows(text, self.deadline)

    def read(self, is_known: bool, knows: Knows | None) -> tuple[dict[str, Any], bool]:
        """Return the parameter that names the list. Raises CommandError."""
        self.fetch()
        self.request.is_known = is_known
        if self.is_named_in_body:
            with self._turn():
                self._find_credential()
        self.check_secret()
        return {ID_PARAM: self.credential.public_id if self.credential else None}, False

    def make(self, count: Callable[[int], None]) -> dict[str, Any]:
        """Return the events of the first call. Raises CommandError."""
        with self._turn():
            self._make(_once(count))
        return self.part(0)

    def part(self, number: int) -> dict[str, Any]:
        """Return the events of one of the calls."""
        return {"Events": self.parts[number]}

    def refused(self) -> list[tuple[list[dict[str, Any]], int]]:
        """Return why things of the request became no event, and how many for each reason: thousands may have one."""
        found: dict[int, tuple[CommandError, int]] = {}
        for item in self.items:
            if isinstance(item, CommandError):
                found[id(item)] = item, found.get(id(item), (item, 0))[1] + 1
        return [(error.body["Errors"], count) for error, count in found.values()]

    def _turn(self) -> AbstractContextManager[None]:
        return nullcontext() if self.request.is_known or self.is_cheap else self.throttle.turn(self.deadline)

    def _find_credential(self) -> None:
        request = self.request
        found = self.adapter.credential_in_body(request)
        has_more = found is not None and (self.credential is None or found.secret is not None)
        known = joined(found if has_more else self.credential, request.path_id)
        self.credential = known
        if found and found.public_id not in (None, known.public_id):
            raise CommandError(NOT_AUTHENTICATED)

    def _make(self, count: Callable[[int], None]) -> None:
        """Read the things in the request. They are counted before; what cannot be read counts as one."""
        self.request.count = count
        self.request.public_id = self.credential.public_id if self.credential else None
        try:
            self.items = self.request.without_deep(self.adapter.events(self.request))
        except CommandError:
            count(1)
            raise
        count(len(self.items) or 1)
        self.parts = _parts(self.items)

    def check_secret(self) -> None:
        """Raise CommandError (99998) for an API key that came from a page, or in a call by a public id."""
        has_secret = self.request.has_secret = (
            self.credential is not None and self.credential.secret is not None
        )
        self.is_leak = has_secret and not _OF_BROWSERS.isdisjoint(self.request.headers)
        self.has_unshown_key = has_secret and self.is_public
        if self.is_leak or self.has_unshown_key:
            raise CommandError(NOT_AUTHENTICATED)

    def outcomes(self, results: list[Mapping[str, Any]]) -> Iterator[SdkRefusal | None]:
        """Yield the outcome of each item, given the results of all events: that of its own event, which is its first."""
        at = 0
        told: dict[int, SdkRefusal] = {}
        for item in self.items:
            if isinstance(item, CommandError):
                if id(item) not in told:
                    told[id(item)] = refusal_of(item.status, item.body)
                yield told[id(item)]
                continue
            yield _refusal_in(results[at]) if item else None
            at += len(item)


def joined(credential: SdkCredential | None, path_id: str | None) -> SdkCredential:
    """Return the credential with the public id of the path. Raises CommandError (99998) for none, and for two ids."""
    found = credential or SdkCredential(None)
    if path_id is not None and found.public_id not in (None, path_id):
        raise CommandError(NOT_AUTHENTICATED)
    found = found._replace(public_id=found.public_id or path_id)
    if found.public_id is None:
        raise CommandError(NOT_AUTHENTICATED)
    return found


@dataclass(frozen=True)
class _Part:
    """The events of a further call for the same request, which is counted already."""

    events: SdkEvents
    number: int

    def make(self, count: Callable[[int], None]) -> dict[str, Any]:
        return self.events.part(self.number)

    def refused(self) -> tuple[()]:
        return ()


def answers(dispatcher: Dispatcher, call: Call, events: SdkEvents) -> Iterator[Answer]:
    """Yield the answers to the calls of a request: one, and more where it has too many events for one, until one is refused.

    The first is admitted and counted for all of them, so that a limit refuses a request as a whole or not at all. Each has its
    own time, since a request that took more could never succeed.
    """
    answer = dispatcher.answer(replace(call, unmade=events))
    yield answer
    following = replace(
        call,
        params={ID_PARAM: events.credential and events.credential.public_id},
        unread=None,
        caller=answer.caller,
    )
    for number in range(1, len(events.parts)):
        if answer.status != 200:
            return
        deadline = time.monotonic() + CALL_SECONDS
        limits = answer.headers
        answer = dispatcher.answer(replace(following, unmade=_Part(events, number), deadline=deadline))
        answer.headers = {**limits, **answer.headers}
        yield answer


def _parts(items: list[Item]) -> list[list[dict[str, Any]]]:
    """Return the events of each call. What one thing becomes is in one call, unless it is more than a call takes."""
    parts: list[list[dict[str, Any]]] = [[]]
    for item in items:
        made = [] if isinstance(item, CommandError) else [*item]
        if len(parts[-1]) + len(made) <= MAX_EVENTS:
            parts[-1] += made
        else:
            parts += [made[start : start + MAX_EVENTS] for start in range(0, len(made), MAX_EVENTS)]
    return parts


def _once(count: Callable[[int], None]) -> Callable[[int], None]:
    """Return a function that counts when it is first called, and then no more."""
    is_counted = False

    def counted(number: int) -> None:
        nonlocal is_counted
        if not is_counted:
            is_counted = True
            count(number)

    return counted


def refusal_of(status: int, body: Any) -> SdkRefusal:
    """Return the refusal in the words for SDKs: what no status of theirs says is 400."""
    row = body["Errors"][0]
    code = row["Code"]
    if code == _FOREIGN_ID:
        status = NOT_AUTHENTICATED.status
    elif code == UNEXPECTED.code:
        status = UNEXPECTED.status
    elif code == RATE_LIMITED.code:
        status = RATE_LIMITED.status
    return SdkRefusal(status if status in _KEPT_STATUSES else UNREADABLE_BODY.status, code, row["Message"])


def _refusal_in(result: Mapping[str, Any]) -> SdkRefusal | None:
    if result["status"] != "error" or result["Errors"][0]["Code"] == _TAKEN:
        return None
    return refusal_of(UNREADABLE_BODY.status, result)
