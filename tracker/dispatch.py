"""In which order is a call checked? known → caller → permission → rate → valid → run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from tracker import errors
from tracker.addresses import network
from tracker.caller import UNKNOWN, Caller, Sender
from tracker.errors import CommandError
from tracker.registry import Command, Entry, EventStream, Registry, Stream, anyone, is_open_to, public_list
from tracker.storage.failures import OutcomeUnknown, StorageUnavailable

#: How long a call may take once its request is here.
CALL_SECONDS = 5.0
#: How long to wait for the database when asking whether a caller may go on.
CHECK_SECONDS = 2.0


@dataclass(slots=True)
class Call:
    """One request, freed of HTTP. `deadline` is a `time.monotonic()` second."""

    command: str | None
    method: str
    params: dict[str, Any]
    bearer: str | None
    address: str
    request_id: str
    is_form: bool = False
    sender: Sender = UNKNOWN
    deadline: float = field(default_factory=lambda: time.monotonic() + CALL_SECONDS)


@dataclass(slots=True)
class Answer:
    """What goes back: HTTP status, JSON body, extra headers; `command` and `user_id` are for the log."""

    status: int
    body: dict[str, Any] | Stream
    headers: dict[str, str]
    command: str | None = None
    user_id: int | None = None


class Authenticator(Protocol):
    def caller(
        self, bearer: str | None, api_key: Any, session_id: Any, deadline: float | None = None
    ) -> Caller: ...

    def of_public_list(self, tracker_id: Any, deadline: float | None = None) -> Caller: ...

    def forget(self, api_key: Any) -> None: ...


class Dispatcher:
    """Answers calls from the registry's commands.

    `limiter.hit(command, who, limit, cost)` counts, `rates` gives each command's limits, `on_failure(call, exc)` is
    told of unexpected exceptions, `now()` gives UTC milliseconds.
    """

    def __init__(
        self,
        registry: Registry,
        authenticator: Authenticator,
        limiter: Any,
        rates: Mapping[str, Any],
        services: Any,
        on_failure: Callable[[Call, BaseException], None],
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.registry, self._authenticator, self._limiter, self._rates = (
            registry,
            authenticator,
            limiter,
            rates,
        )
        self._services, self._on_failure, self._now = services, on_failure, now

    def answer(self, call: Call) -> Answer:
        """Answer `call`; never raises."""
        answer = Answer(200, {}, {})
        try:
            answer.body = self._checked(call, answer)
        except CommandError as error:
            _refuse(answer, error)
        except StorageUnavailable as failure:
            self._on_failure(call, failure)
            _refuse(answer, CommandError(errors.STORAGE_UNAVAILABLE))
        except OutcomeUnknown as failure:
            self._on_failure(call, failure)
            _refuse(answer, CommandError(errors.OUTCOME_UNKNOWN))
        except (Exception, SystemExit) as failure:  # noqa: BLE001  the one place where anything unforeseen becomes an answer
            self._on_failure(call, failure)
            _refuse(answer, CommandError(errors.UNEXPECTED, extra={"RequestID": call.request_id}))
        return answer

    def refuse(self, call: Call, error: CommandError) -> Answer:
        """The answer to a request that could not even be read."""
        entry = self.registry.find_path(call.command) if call.command else None
        answer = Answer(200, {}, {}, entry.command.name if entry else None)
        _refuse(answer, error)
        return answer

    def _checked(self, call: Call, answer: Answer) -> dict[str, Any] | Stream:
        entry = self._known(call)
        command = entry.command
        answer.command = command.name
        if call.method not in entry.methods:
            allow = ", ".join(entry.methods)
            raise CommandError(errors.METHOD_NOT_ALLOWED, headers={"Allow": allow})
        params = entry.params.spelled(call.params)
        caller = self._caller(call, params, command)
        answer.user_id = caller.user_id
        if not is_open_to(command, caller):
            raise CommandError(errors.FORBIDDEN)
        self._count(entry, caller, params, answer)
        values = entry.params.read(params)
        body = command(caller, self._services, self._now(), call.is_form, call.deadline).run(values)
        if not isinstance(body, (dict, Stream)):
            raise TypeError(f"{command.name} answered with {type(body).__name__}, not with a dict")
        if command.media_type != (body.media_type if isinstance(body, Stream) else Stream.media_type):
            raise TypeError(f"{command.name} did not answer with {command.media_type}")
        if isinstance(body, EventStream):
            body.may_go_on = partial(self._may_still, call, params, command)
        if isinstance(body, Stream):
            body.begin()
        return body

    def _may_still(self, call: Call, params: dict[str, Any], command: type[Command]) -> bool:
        """Whether the call would be let in now. While nobody can tell, what was let in stays."""
        now = replace(call, deadline=time.monotonic() + CHECK_SECONDS)
        key = call.bearer if call.bearer is not None else params.get("APIKey")
        self._authenticator.forget(key)
        try:
            return is_open_to(command, self._caller(now, params, command))
        except CommandError:
            return False
        except StorageUnavailable:
            return True

    def named(self, params: Mapping[str, Any]) -> Entry | None:
        """The command that the parameter `Command` names."""
        return self._named(_lookup(params, "Command"))

    def _known(self, call: Call) -> Entry:
        named = _lookup(call.params, "Command")
        if call.command is None:
            entry = self._named(named)
            if entry is None:
                raise CommandError(replace(errors.UNKNOWN_COMMAND, status=400))
            return entry
        entry = self.registry.find_path(call.command)
        if entry is None or (named is not None and self._named(named) is not entry):
            raise CommandError(errors.UNKNOWN_COMMAND)
        return entry

    def _named(self, name: Any) -> Entry | None:
        return self.registry.find(name) if isinstance(name, str) else None

    def _caller(self, call: Call, params: dict[str, Any], command: type[Command]) -> Caller:
        if command.permission is anyone:
            caller = Caller(None)
        elif command.permission is public_list:
            caller = self._authenticator.of_public_list(params.get("EventListTrackerID"), call.deadline)
        else:
            key, session = params.get("APIKey"), params.get("SessionID")
            caller = self._authenticator.caller(call.bearer, key, session, call.deadline)
        return caller.calling_from(call.address, call.request_id, call.sender)

    def _count(self, entry: Entry, caller: Caller, params: dict[str, Any], answer: Answer) -> None:
        """By address first: one client cannot use up what a list's other visitors may. Its headers are the ones told."""
        name, cost = entry.limited_as, entry.command.cost(params)
        if entry.command.address_limit is not None:
            self._hit(f"{name}.address", f"address:{network(caller.address)}", cost, answer)
        if caller.list_id is not None:
            self._hit(name, f"list:{caller.list_id}", cost, answer)
        elif caller.user_id is not None:
            self._hit(name, f"user:{caller.user_id}", cost, answer)
        else:
            self._hit(name, f"address:{caller.address}", cost, answer)

    def _hit(self, name: str, who: str, cost: int, answer: Answer) -> None:
        verdict = self._limiter.hit(name, who, self._rates[name], cost)
        headers = {
            "X-RateLimit-Limit": str(verdict.limit),
            "X-RateLimit-Remaining": str(verdict.remaining),
            "X-RateLimit-Reset": str(verdict.reset_at),
        }
        answer.headers = {**headers, **answer.headers}
        if not verdict.is_allowed:
            seconds = max(1, verdict.reset_at - self._now() // 1000)
            raise CommandError(errors.RATE_LIMITED, headers={**headers, "Retry-After": str(seconds)})


def _refuse(answer: Answer, error: CommandError) -> None:
    answer.status, answer.body = error.status, error.body
    answer.headers.update(error.headers)
    if error.status == 503:
        answer.headers.setdefault("Retry-After", "1")


def _lookup(params: Mapping[str, Any], name: str) -> Any:
    """The parameter `name`; an exact spelling beats another letter case."""
    if name in params:
        return params[name]
    wanted, length = name.lower(), len(name)
    return next((params[key] for key in params if len(key) == length and key.lower() == wanted), None)
