"""Dispatching: a call is checked in one order: known → caller → permission → rate → valid → run.

What header and path tell is checked before anything of the body is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tracker import errors
from tracker.admission import Admission, Authenticator
from tracker.call import Answer, Call
from tracker.errors import CommandError, OutcomeUnknown, StorageUnavailable
from tracker.registry import Command, Entry, EventStream, Registry, Stream

if TYPE_CHECKING:
    from tracker.services import Services

#: How long to wait for the database when asking whether a caller may go on.
CHECK_SECONDS = 2.0
#: What any command may take; of a command that nobody could read the name of, no more is known.
_METHODS = ("GET", "POST")


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
        services: Services,
        on_failure: Callable[[Call, BaseException], None],
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.registry = registry
        self._admission = Admission(authenticator, limiter, rates, now)
        self._services, self._on_failure, self._now = services, on_failure, now

    def answer(self, call: Call) -> Answer:
        """Answer `call`; never raises."""
        return self._answered(call, self._checked)

    def look(self, call: Call) -> Answer:
        """As `answer`, but it stops where the caller is admitted: nothing is counted, run or told."""
        return self._answered(call, self._admitted)

    def _answered(self, call: Call, check: Callable[[Call, Answer], dict[str, Any] | Stream]) -> Answer:
        answer = Answer(200, {}, {})
        try:
            answer.body = check(call, answer)
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

    def _admitted(self, call: Call, answer: Answer) -> dict[str, Any]:
        entry = self._read(call, answer)
        self._admission.admitted(call, entry.params.spelled(call.params), entry.command)
        return {}

    def _checked(self, call: Call, answer: Answer) -> dict[str, Any] | Stream:
        entry = self._read(call, answer)
        command = entry.command
        params = entry.params.spelled(call.params)
        caller = self._admission.admitted(call, params, command)
        answer.user_id = caller.user_id
        self._admission.count(entry, caller, command.cost(params), answer)
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

    def _read(self, call: Call, answer: Answer) -> Entry:
        """The command, once the parameters are read: none are for a method that it does not take."""
        in_path = None if call.command is None else self._in_path(call.command)
        if in_path is not None:
            _check_method(in_path, call, answer)
        try:
            self._admission.read(call, in_path, answer)
        except CommandError:
            if in_path is None and call.method not in _METHODS:
                raise _not_allowed(_METHODS) from None
            raise
        entry = self._known(call.params, in_path)
        if in_path is None:
            _check_method(entry, call, answer)
        return entry

    def _may_still(self, call: Call, params: dict[str, Any], command: type[Command]) -> bool:
        """Whether the call would be let in now. While nobody can tell, what was let in stays."""
        now = replace(call, deadline=time.monotonic() + CHECK_SECONDS)
        try:
            return self._admission.may_still(now, params, command)
        except StorageUnavailable:
            return True

    def named(self, params: Mapping[str, Any]) -> Entry | None:
        """The command that the parameter `Command` names."""
        return self._named(_lookup(params, "Command"))

    def _in_path(self, path: str) -> Entry:
        entry = self.registry.find_path(path)
        if entry is None:
            raise CommandError(errors.UNKNOWN_COMMAND)
        return entry

    def _known(self, params: Mapping[str, Any], in_path: Entry | None) -> Entry:
        """The command that the parameters name; it is the one in the path, if there is one."""
        name = _lookup(params, "Command")
        entry = in_path if name is None else self._named(name)
        if entry is None or in_path not in (None, entry):
            raise CommandError(replace(errors.UNKNOWN_COMMAND, status=400 if in_path is None else 404))
        return entry

    def _named(self, name: Any) -> Entry | None:
        return self.registry.find(name) if isinstance(name, str) else None


def _check_method(entry: Entry, call: Call, answer: Answer) -> None:
    answer.command = entry.command.name
    if call.method not in entry.methods:
        raise _not_allowed(entry.methods)


def _not_allowed(methods: Sequence[str]) -> CommandError:
    return CommandError(errors.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(methods)})


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
