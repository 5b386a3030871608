"""SDK calls: the events of one request of an SDK are handed to a command, a thousand at a time, and each gets its outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tracker.call import Answer, Call, Knows
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
#: The parameter that names a list by its public id.
ID_PARAM = "EventListTrackerID"
#: A batch with an EventID that is another event's: what comes again differs from what came first, which stays.
_TAKEN = 17
#: The code with which a batch refuses a public id: none of the key's owner.
_FOREIGN_ID = 25
_KEPT_STATUSES = frozenset((400, 401, 403, 404, 405, 413, 429, 500, 503))


@dataclass
class SdkEvents:
    """The events of one request: the parameters of a call that are parsed once its caller is admitted.

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
    handed: list[dict[str, Any]] = field(default_factory=list)

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

    def shows_key(self, knows: Callable[[bytes, float], bool]) -> bool:
        """Whether a good API key stands in the body as it is."""
        if self.is_cheap:
            return knows(self.request.body, self.deadline)
        with self.throttle.turn(self.deadline):
            return knows(self.request.body, self.deadline)

    def read(self, is_known: bool, knows: Knows | None) -> tuple[dict[str, Any], bool]:
        """Return the parameters of the first call. Raises CommandError."""
        self.fetch()
        if is_known or self.is_cheap:
            self._parse(is_known)
        else:
            with self.throttle.turn(self.deadline):
                self._parse(is_known)
        return self.params(0), False

    def _parse(self, is_known: bool) -> None:
        request = self.request
        request.is_known = is_known
        if self.credential is None or self.credential.public_id is None or request.path_id:
            found = self.adapter.credential_in_body(request)
            has_more = found is not None and (self.credential is None or found.secret is not None)
            known = joined(found if has_more else self.credential, request.path_id)
            self.credential = known
            if found and found.public_id not in (None, known.public_id):
                raise CommandError(NOT_AUTHENTICATED)
        self.check_secret()
        self.items = self.adapter.events(request)
        self.handed = [event for item in self.items if not isinstance(item, CommandError) for event in item]

    def check_secret(self) -> None:
        """Raise CommandError (99998) for an API key that came from a page, or in a call by a public id."""
        has_secret = self.request.has_secret = (
            self.credential is not None and self.credential.secret is not None
        )
        self.is_leak = has_secret and "origin" in self.request.headers
        self.has_unshown_key = has_secret and self.is_public
        if self.is_leak or self.has_unshown_key:
            raise CommandError(NOT_AUTHENTICATED)

    def params(self, start: int) -> dict[str, Any]:
        """Return the parameters of the call with the events from a number on."""
        public_id = self.credential.public_id if self.credential else None
        return {ID_PARAM: public_id, "Events": self.handed[start : start + MAX_EVENTS]}

    def outcomes(self, results: list[Mapping[str, Any]]) -> Iterator[SdkRefusal | None]:
        """Yield the outcome of each item, given the results of all events: that of its own event, which is its first."""
        at = 0
        for item in self.items:
            if isinstance(item, CommandError):
                yield refusal_of(item.status, item.body)
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


def answers(dispatcher: Dispatcher, call: Call, events: SdkEvents) -> Iterator[Answer]:
    """Yield the answers to the calls of a request: one, and more where it has too many events for one, until one is refused."""
    answer = dispatcher.answer(call)
    yield answer
    for start in range(MAX_EVENTS, len(events.handed), MAX_EVENTS):
        if answer.status != 200:
            return
        following = replace(call, params=events.params(start), unread=None)
        answer = dispatcher.answer(following)
        yield answer


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
