"""Command: the class that every command, built in or of a plugin, is a subclass of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from marshmallow import Schema

from tracker.caller import Caller
from tracker.errors import CommandError, Error
from tracker.registry.stream import Stream

if TYPE_CHECKING:
    from tracker.services import Services
    from tracker.storage.accounts import List


class _Anyone:
    """`permission = anyone`: no credential is needed; the rate limit counts per client address."""

    def __repr__(self) -> str:
        return "anyone"


class _Administrator:
    """`permission = administrator`: for administrators. `*` is not enough: see `Caller.is_admin`."""

    def __repr__(self) -> str:
        return "administrator"


class _PublicList:
    """`permission = public_list`: the credential is a list's EventListTrackerID, which is no secret and allows nothing else.

    The rate limit counts per list, `address_limit` per client address.
    """

    def __repr__(self) -> str:
        return "public_list"


class _Undeclared:
    """The value of `permission` until a command declares it: forgetting it must not open a command to everybody."""


anyone: Final = _Anyone()
administrator: Final = _Administrator()
public_list: Final = _PublicList()
UNDECLARED: Final = _Undeclared()


class Command:
    """One API command. Subclass it, fill in the attributes, write `run`.

    One instance answers one call. `self.caller` (a `Caller`), `self.now` (UTC milliseconds), `self.services`
    (ingest, reports, stores, storage, settings), `self.is_form` (the parameters came as text) and `self.deadline`
    (a `time.monotonic()` second) are set before `run`. A class whose name starts with an underscore is a parent of
    commands, and no command itself.
    """

    name: ClassVar[str] = ""
    permission: ClassVar[str | _Anyone | _Administrator | _PublicList | _Undeclared | None] = UNDECLARED
    rate_limit: ClassVar[str] = "100 per 60 seconds"
    #: A second limit, counted per client address; TRACKER_LIMITS knows it as `<name>.address`.
    address_limit: ClassVar[str | None] = None
    errors: ClassVar[tuple[Error, ...]] = ()
    example: ClassVar[tuple[dict[str, Any], dict[str, Any]] | None] = None
    #: The schema of the answer, for readers and tests; `required=True` marks keys of every answer. None: as in `example`.
    Answer: ClassVar[type[Schema] | None] = None
    #: The media type of the answer. For an `EventStream` it is that class's, and `Answer` is the schema of an event's data.
    media_type: ClassVar[str] = Stream.media_type
    #: Media types of which the answer may be instead, if a parameter asks for it: those of `CsvStream` and `NdjsonStream`.
    other_media_types: ClassVar[tuple[str, ...]] = ()
    method: ClassVar[str] = "POST"
    path: ClassVar[str | None] = None
    tables: ClassVar[Any] = None
    #: Whether the answer holds a secret, such as a new key: it is then sent without compression.
    shows_secret: ClassVar[bool] = False
    #: Whether it answers with numbers of a list, its parameter `ListID`, and with nothing about single people: such a command can be
    #: saved, pinned and shared, and its permission is `Reports.Get`.
    is_report: ClassVar[bool] = False
    #: Bytes that a request's body may have, before and after decompression.
    max_body_bytes: ClassVar[int] = 64 * 1024
    #: A parameter that is an array of at most `max_items` objects, each with the limits of a body of its own. An object that
    #: breaks them is replaced by an `Error`. The lines of an NDJSON body fill this parameter. None: there is no such one.
    items_param: ClassVar[str | None] = None
    max_items: ClassVar[int] = 0
    #: A function that repairs strings with lone surrogates in the JSON of one call or item, or raises CommandError.
    #: None: such an object is refused (100000).
    mend: ClassVar[Callable[..., dict[str, Any]] | None] = None
    #: Another command whose rate limit this one counts against.
    shares_limit_of: ClassVar[str | None] = None

    class Params(Schema):
        pass

    def __init__(
        self,
        caller: Caller,
        services: Services,
        now: int,
        is_form: bool = False,
        deadline: float | None = None,
    ) -> None:
        self.caller, self.services, self.now = caller, services, now
        self.is_form, self.deadline = is_form, deadline
        #: What the header of notes tells of the objects in `items_param`, or of rows that a table lacks: a line of printable ASCII.
        self.item_notes = ""

    @property
    def user_id(self) -> int:
        """The number of the user who calls. Raises TypeError for a call that is no user's: `anyone` may make it."""
        if self.caller.user_id is None:
            raise TypeError(f"{self.name}: the call is no user's")
        return self.caller.user_id

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        """Run the command. `params` are the validated parameters. Returns the body of the 200 answer.

        A `Stream` is a body that is made while it is sent, an `EventStream` one that stays open.
        """
        raise NotImplementedError

    def own_list(self, list_id: int, otherwise: Error) -> List:
        """Return the caller's list with this number, as `self.services.stores.lists` has it.

        Raises CommandError with the row `otherwise`, alike for another user's list and for one that does not exist.
        """
        if self.caller.share_id is not None and list_id != self.caller.list_id:
            raise CommandError(otherwise)
        found = self.services.stores.lists.owned(self.user_id, list_id, self.deadline)
        if found is None:
            raise CommandError(otherwise)
        return found

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        """Return the hits that this call takes from its rate limit. `params` are not validated yet."""
        return 1

    def error(self, code: int, **extra: Any) -> CommandError:
        """Return the exception that answers with this command's row `code`; `extra` is added to the row."""
        return CommandError(next(row for row in self.errors if row.code == code), extra=extra)
