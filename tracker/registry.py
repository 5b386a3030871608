"""Which class answers which command name, and where did it come from?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from marshmallow import EXCLUDE, Schema

from tracker.caller import Caller
from tracker.errors import COMMON, CommandError, Error

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class _Anyone:
    """`permission = anyone`: no credential is needed; the rate limit counts per client address."""

    def __repr__(self) -> str:
        return "anyone"


class _Undeclared:
    """What `permission` is until a command says it: forgetting it must not open a command to all."""


anyone: Final = _Anyone()
UNDECLARED: Final = _Undeclared()


class PluginError(Exception):
    """A command cannot be registered. The text is one line that names the command and the reason."""


class Command:
    """One API command. Subclass it, fill in the attributes, write `run`.

    One instance answers one call: `self.caller` (a `Caller`), `self.now` (UTC milliseconds), `self.services`
    (ingest, reports, stores, storage, settings), `self.is_form` (the parameters came as text) and `self.deadline`
    (a `time.monotonic()` second) are set before `run`.
    """

    name: ClassVar[str] = ""
    permission: ClassVar[str | None | _Anyone | _Undeclared] = UNDECLARED
    rate_limit: ClassVar[str] = "100 per 60 seconds"
    errors: ClassVar[tuple[Error, ...]] = ()
    example: ClassVar[tuple[dict[str, Any], dict[str, Any]] | None] = None
    #: What the answer looks like, for readers and tests; `required=True` is what every answer has. None: as in `example`.
    Answer: ClassVar[type[Schema] | None] = None
    method: ClassVar[str] = "POST"
    path: ClassVar[str | None] = None
    tables: ClassVar[Any] = None

    class Params(Schema):
        pass

    def __init__(
        self,
        caller: Caller,
        services: Any,
        now: int,
        is_form: bool = False,
        deadline: float | None = None,
    ) -> None:
        self.caller, self.services, self.now = caller, services, now
        self.is_form, self.deadline = is_form, deadline

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        """Do it. `params` are the validated parameters; the returned dict is the body of the 200 answer."""
        raise NotImplementedError

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        """How many hits this call takes from its rate limit. `params` are not validated yet."""
        return 1

    def error(self, code: int, **extra: Any) -> CommandError:
        """The exception that answers with this command's row `code`; `extra` is added to the row."""
        return CommandError(next(row for row in self.errors if row.code == code), extra=extra)


#: Parameters that every command takes beside its own.
COMMON_PARAMS = ("Command", "APIKey", "SessionID")


class ParamNames:
    """The parameter names of one command: as declared, and from lower case to declared."""

    def __init__(self, schema: Schema) -> None:
        self.exact = frozenset((*COMMON_PARAMS, *schema.load_fields))
        self.folded = {name.lower(): name for name in self.exact}


class Entry:
    """One registered command: its class, its origin, and what is worth computing once."""

    def __init__(self, command: type[Command], origin: str) -> None:
        self.command, self.origin = command, origin
        self.schema = command.Params(unknown=EXCLUDE)
        self.names = ParamNames(self.schema)
        self.param_rows: dict[tuple[str, str], Error] = {}
        for row in command.errors:
            if row.param:
                self.param_rows.setdefault((row.param, row.kind), row)
        self.methods = ("GET", "POST") if command.method == "GET" else ("POST",)


class Registry:
    """All commands by name and by path. Refuses what would be wrong later, naming both sides."""

    def __init__(self) -> None:
        self._by_name: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}

    def add(self, command: type[Command], origin: str) -> Entry:
        """Register `command`; raises PluginError with one line that says why it cannot be."""
        reason = _fault(command) or self._clash(command)
        if reason:
            raise PluginError(f"{origin}: {command.name or command.__name__}: {reason}")
        entry = Entry(command, origin)
        self._by_name[command.name] = entry
        self._by_path[(command.path or command.name).lower()] = entry
        return entry

    def find(self, name: str) -> Entry | None:
        """The command called `name`, in any letter case."""
        return self._by_name.get(name) or self._by_name.get(name.lower())

    def find_path(self, path: str) -> Entry | None:
        """The command at `/api/v1/<path>`: its own path or its name."""
        return self._by_path.get(path) or self._by_path.get(path.lower()) or self.find(path)

    def __iter__(self) -> Iterator[Entry]:
        return (self._by_name[name] for name in sorted(self._by_name))

    def __len__(self) -> int:
        return len(self._by_name)

    def _clash(self, command: type[Command]) -> str | None:
        for key in {command.name, (command.path or command.name).lower()}:
            taken = self._by_name.get(key) or self._by_path.get(key)
            if taken:
                return f"the name '{key}' is taken by {taken.command.name} from {taken.origin}"
        return None


def _fault(command: type[Command]) -> str | None:
    """Why this class is no usable command, or None."""
    if not NAME.fullmatch(command.name):
        return "name must be lower-case words joined by dots, such as 'note.add'"
    if not (command.__doc__ or "").strip() or command.__doc__ == Command.__doc__:
        return "a docstring is needed: it is the command's documentation"
    if command.permission is UNDECLARED:
        return "permission must be declared: a name, None (any credential) or anyone"
    if command.method not in ("GET", "POST"):
        return "method must be 'GET' (changes nothing) or 'POST'"
    if command.example is None:
        return "an example is needed: a pair (request, answer)"
    if not _is_schema(command.Params):
        return "Params must be a marshmallow Schema"
    if command.Answer is not None and not _is_schema(command.Answer):
        return "Answer must be a marshmallow Schema"
    return _fault_in_errors(command.errors) or _fault_in_params(command)


def _is_schema(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Schema)


def _fault_in_errors(rows: tuple[Error, ...]) -> str | None:
    codes = [row.code for row in rows]
    repeated = sorted({code for code in codes if codes.count(code) > 1})
    reserved = sorted(set(codes) & set(COMMON))
    if repeated:
        return f"error code {repeated[0]} is declared twice"
    if reserved:
        return f"error code {reserved[0]} is reserved for all commands: {COMMON[reserved[0]].message}"
    return None


def _fault_in_params(command: type[Command]) -> str | None:
    """Every parameter needs a row to be answered with when its check fails."""
    covered = {row.param for row in command.errors}
    uncovered = [name for name in command.Params().load_fields if name not in covered]
    return f"parameter {uncovered[0]} has no row in errors" if uncovered else None
