"""Adapter: the class of what reads the requests of one family of SDKs, and the request, credential and reply it deals with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from tracker.errors import BODY_TOO_LARGE, CommandError, because
from tracker.formats.credentials import bearer_token
from tracker.http.body.read_params import MAX_STRANGERS_NODES
from tracker.http.body.reader import too_large
from tracker.registry.json_object import MAX_DEPTH, MAX_TORN_BYTES, MAX_TORN_NODES, separators_in, unreadable
from tracker.sdks import shapes

#: Bytes of a body, unpacked: as an adapter says, but no more than this without an API key.
MAX_BODY_BYTES = 1024 * 1024
#: Bytes of a form without an API key: what stands in it is read three times.
MAX_STRANGERS_FORM_BYTES = 512 * 1024
#: Things in a request without an API key. No client sends as many by itself; those that do what 413 says send it in parts.
MAX_STRANGERS_THINGS = 2_000
#: Texts that are no JSON, in one request, of which a stranger's is read twice: the second look costs thirty times as much.
_MAX_BROKEN = 50
#: A key of Tracker's begins so; whatever else follows the colon of a pair is no secret.
KEY_MARK = "trk_"
#: The parameters of the events that one thing in a request becomes: its own event first, then those that go with it. Empty:
#: it is no event for Tracker. An error: why it alone cannot be one.
Item = Sequence[dict[str, Any]] | CommandError


class SdkCredential(NamedTuple):
    """The public id of a list, None where only the path has it, and the API key of a server, if any."""

    public_id: str | None
    secret: str | None = None

    @classmethod
    def of(cls, key: Any) -> SdkCredential | None:
        """Return the credential in `<public id>` or `<public id>:<API key>`; None for what is no text or empty."""
        if not isinstance(key, str) or not key:
            return None
        public_id, _, secret = key.partition(":")
        return cls(public_id or None, secret if secret.startswith(KEY_MARK) else None)

    @classmethod
    def of_basic(cls, header: str | None) -> SdkCredential | None:
        """Return the credential in a header of the scheme Basic: user and password, or a pair as user without a password."""
        found = shapes.basic_of(header)
        return None if found is None else cls.of(f"{found[0]}:{found[1].removesuffix(':')}")

    @classmethod
    def of_bearer(cls, header: str | None) -> SdkCredential | None:
        """Return the API key in a header of the scheme Bearer; the list is named elsewhere."""
        secret = bearer_token(header)
        return cls.of(f":{secret}") if secret else None


class SdkReply(NamedTuple):
    """The answer to an SDK: JSON for an object or array, text for text, and bytes as they are, of `media_type`."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}
    media_type: str | None = None


class SdkRefusal(NamedTuple):
    """Why a request was refused: 400, 401, 403, 404, 405, 413, 429, 500 or 503, with the number and text of Tracker's error."""

    status: int
    code: int
    message: str


#: One an item, in order: None for what is stored or was stored before, and for what is no event.
Outcomes = Sequence[SdkRefusal | None]


@dataclass
class SdkRequest:
    """A request below a family's address. Names of headers are in lower case; `params` are the named parts of its route.

    `path_id` is a public id that stood before the path, `public_id` that of the list to which all of the request goes, None as
    long as nobody knows it. `now` is UTC milliseconds. `is_known`: an API key was found, so that
    the body may cost what it costs. `has_secret`: it is the credential. `count(n)` counts the n things in it as the sender's
    events, and raises CommandError (429); `memo` is for what an adapter has read of it.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    now: int = 0
    address: str = ""
    path_id: str | None = None
    max_bytes: int = MAX_BODY_BYTES
    is_known: bool = False
    has_secret: bool = False
    public_id: str | None = None
    #: The EventID of an event that has none, for SDKs whose events have no ids: a row of an export has one.
    row_id: str | None = None
    #: Tells the request from all others, for events without ids.
    arrival: str = ""
    #: Returns the UUID of today's visitor, given their address and user agent: for SDKs that know no visitor.
    visitor_of_day: Callable[[str, str], str] = lambda _address, _agent: ""
    count: Callable[[int], None] = lambda _number: None
    memo: dict[str, Any] = field(default_factory=dict)
    _has_deep: bool = False
    _places: int = 0
    _inner_values: int = 0
    _inner_bytes: int = 0
    _broken: int = 0

    @cached_property
    def unpacked(self) -> bytes:
        """The body, unpacked, before it is known who sends it. Raises CommandError (100000, 100010, 100011)."""
        return shapes.gunzipped(
            self.raw, self.max_bytes, self.is_known, self.headers.get("content-encoding", "")
        )

    @property
    def body(self) -> bytes:
        """The body, unpacked. Raises CommandError (100000, 100010)."""
        if not self.is_known and len(self.unpacked) > MAX_BODY_BYTES:
            raise too_large(MAX_BODY_BYTES)
        return self.unpacked

    @cached_property
    def json(self) -> Any:
        """The JSON value of the body. Raises CommandError (100000)."""
        return self.decoded(self.body)

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of the body. Raises CommandError (100000, 100010)."""
        if not self.is_known and len(self.body) > MAX_STRANGERS_FORM_BYTES:
            raise too_large(MAX_STRANGERS_FORM_BYTES)
        return shapes.form_of(self.body, self.is_known)

    @cached_property
    def query(self) -> dict[str, str]:
        """The fields of the query. Raises CommandError (100000)."""
        return shapes.form_of(self.query_string.encode("latin-1", "replace"), self.is_known)

    def decoded(self, text: bytes, may_be_torn: bool = True) -> Any:
        """Return the JSON value in a text, in which what is nested too deep is cut off. Raises CommandError (100000, 100010)."""
        return shapes.json_of(text, self.is_known, may_be_torn, self._note_depth)

    def without_deep(self, items: list[Item]) -> list[Item]:
        """Return the items, with an error in the place of each that something was cut off from."""
        if not self._has_deep:
            return items
        error = shapes.no_event(f"nested deeper than {MAX_DEPTH} levels")
        return [
            error if not isinstance(item, CommandError) and shapes.has_deep([*item]) else item
            for item in items
        ]

    def is_of_other_list(self, *keys: Any) -> bool:
        """Return whether a thing with these keys, each of which may be missing, names another list than the request's."""
        if self.public_id is None:
            return False
        named = (SdkCredential.of(key) or SdkCredential("") for key in keys if key not in (None, ""))
        return any(each.public_id not in (None, self.public_id) for each in named)

    def next_place(self) -> tuple[str, int, int]:
        """Return what tells a thing without an id from all others, of this request and of all requests."""
        self._places += 1
        return self.arrival, self.now, self._places

    def _note_depth(self) -> None:
        self._has_deep = True

    def json_in(self, text: bytes | str) -> Any:
        """Return the JSON value in a text of this request. Raises CommandError (100000, 100010).

        All such texts of a stranger's request have together the bounds that one has.
        """
        raw = text if isinstance(text, bytes) else text.encode(errors="replace")
        if self.is_known:
            return self.decoded(raw)
        self._inner_values += separators_in(raw) + 1
        self._inner_bytes += len(raw)
        if self._inner_values > MAX_STRANGERS_NODES:
            raise CommandError(because(BODY_TOO_LARGE, f"more than {MAX_STRANGERS_NODES} values"))
        may_be_torn = self._inner_bytes <= MAX_TORN_BYTES and self._inner_values <= MAX_TORN_NODES
        try:
            return self.decoded(raw, may_be_torn and self._broken < _MAX_BROKEN)
        except CommandError:
            self._broken += 1
            raise

    def things(self, sent: Any, otherwise: str) -> list[Any]:
        """Return the things in a batch, once they are counted. Raises CommandError: 100000 for no array, or an empty one."""
        if not isinstance(sent, list) or not sent:
            raise unreadable(otherwise)
        self.take(len(sent))
        return sent

    def take(self, number: int) -> None:
        """Count the things in a request before any of them is read. Raises CommandError (100010, 429)."""
        if not self.is_known and number > MAX_STRANGERS_THINGS:
            raise CommandError(because(BODY_TOO_LARGE, f"more than {MAX_STRANGERS_THINGS} events"))
        self.count(number)


class Adapter:
    """A family of SDKs. Subclass it and fill in the attributes; it is pure: no storage, no clock but `request.now`.

    `routes` leads from a method and a path below the family's address to "events", or to the name of a method of the class
    that answers a side endpoint: `{"POST /v1/{call}": "events", "GET /config": "config"}`. Slashes too many mean nothing. A
    class whose name starts with an underscore is a parent of adapters, and no adapter itself.
    """

    family: ClassVar[str] = ""
    #: What people call it, for the console and the docs.
    title: ClassVar[str] = ""
    routes: ClassVar[Mapping[str, str]] = {}
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES
    #: Whether its browser clients send credentials, to which an answer names their origin.
    is_credentialed: ClassVar[bool] = False

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        """Return the credential in headers, query or path; the body is not to be looked at. None: there is none."""
        return None

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        """Return the credential in the body; asked only if there is no other. Raises CommandError."""
        return None

    def events(self, request: SdkRequest) -> list[Item]:
        """Return what the things in a request become. Raises CommandError (100000) for what is no request of this family.

        Several things are taken from `request.things`, which counts them; a single one is counted in any case.
        """
        raise NotImplementedError

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        """Return the success that the clients want; some of the outcomes may be refusals."""
        raise NotImplementedError

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        """Return the answer to a request of which nothing was stored."""
        return SdkReply(refusal.status, {"code": str(refusal.code), "message": refusal.message})
