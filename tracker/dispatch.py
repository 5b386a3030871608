"""Dispatcher: checks a call in one order (known → caller → permission → rate → valid → run) and runs its command.

Checks that need only headers and path come before anything of the body is read.
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
from tracker.errors import CommandError, OutcomeUnknown, StorageUnavailable, hinted
from tracker.registry import Command, Entry, EventStream, Registry, Stream, joined

if TYPE_CHECKING:
    from tracker.services import Services

#: Seconds to wait for the database when a stream's permission is checked again.
CHECK_SECONDS = 2.0
#: The response header that names unknown parameters.
NOTES_HEADER = "X-Tracker-Notes"
#: The methods that commands take: all that is known of a command whose name could not be read.
_METHODS = ("GET", "POST")
#: Slashes of an unknown path that are looked at for a hint.
MAX_PATH_PARTS = 8


class Dispatcher:
    """Answers calls with the registry's commands.

    `limiter.hit(command, who, limit, cost)` counts a call, `rates` holds each command's limits, `on_failure(call, exc)`
    gets unexpected exceptions, `now()` returns UTC milliseconds. `on_answer` has a function for each command whose answered
    calls are noticed.
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
        on_answer: Mapping[str, Callable[[Call, Answer, int], None]] | None = None,
    ) -> None:
        self.registry = registry
        self._admission = Admission(authenticator, limiter, rates, now)
        self._services, self._on_failure, self._now = services, on_failure, now
        self._on_answer = on_answer or {}

    def answer(self, call: Call) -> Answer:
        """Answer `call`; never raises."""
        answer = self._answered(call, self._checked)
        notice = self._on_answer.get(answer.command or "")
        if notice is not None:
            self._noticed(notice, call, answer)
        return answer

    def _noticed(self, notice: Callable[[Call, Answer, int], None], call: Call, answer: Answer) -> None:
        """Notice an answered call. The answer stays as it is: a failure here is only reported."""
        try:
            notice(call, answer, self._now())
        except Exception as failure:  # noqa: BLE001  the call is answered already
            self._on_failure(call, failure)

    def look(self, call: Call) -> Answer:
        """Check `call` as `answer` does, and stop where the caller is admitted: nothing is counted or run."""
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
        """Return the answer to a request that could not be read."""
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
        if len(params) < len(call.params) and (notes := entry.params.notes(call.params)):
            answer.headers[NOTES_HEADER] = notes
        caller = self._admission.admitted(call, params, command)
        answer.shows_secret = command.shows_secret
        answer.user_id, answer.caller = caller.user_id, caller
        count = partial(self._admission.count, entry, caller, answer=answer)
        if call.unmade is None:
            count(command.cost(params))
        else:
            call.params = params = {**params, **call.unmade.make(count)}
        values = entry.params.read(params)
        running = command(caller, self._services, self._now(), call.is_form, call.deadline)
        body = running.run(values)
        if running.item_notes:
            answer.headers[NOTES_HEADER] = joined(answer.headers.get(NOTES_HEADER, ""), running.item_notes)
        if not isinstance(body, (dict, Stream)):
            raise TypeError(f"{command.name} answered with {type(body).__name__}, not with a dict")
        media_type = body.media_type if isinstance(body, Stream) else Stream.media_type
        if media_type not in (command.media_type, *command.other_media_types):
            raise TypeError(f"{command.name} did not answer with {command.media_type}")
        if isinstance(body, EventStream):
            body.may_go_on = partial(self._may_still, call, params, command)
        if isinstance(body, Stream):
            body.begin()
            answer.headers.update(body.headers)
        return body

    def _read(self, call: Call, answer: Answer) -> Entry:
        """Return the command and read the parameters, unless the command does not take the call's method."""
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
        """Whether the call would be admitted now. While storage is unavailable, a stream that was admitted stays."""
        now = replace(call, deadline=time.monotonic() + CHECK_SECONDS)
        try:
            return self._admission.may_still(now, params, command)
        except StorageUnavailable:
            return True

    def named(self, params: Mapping[str, Any]) -> Entry | None:
        """Return the command that the parameter `Command` names, or None."""
        return self._named(_lookup(params, "Command"))

    def _in_path(self, path: str) -> Entry:
        entry = self.registry.find_path(path)
        if entry is None:
            raise CommandError(hinted(errors.UNKNOWN_COMMAND, self._hint_for_path(path)))
        return entry

    def _known(self, params: Mapping[str, Any], in_path: Entry | None) -> Entry:
        """Return the command that the parameters name, which has to be the one in the path, if there is one."""
        name = _lookup(params, "Command")
        entry = in_path if name is None else self._named(name)
        if entry is None or in_path not in (None, entry):
            row = replace(errors.UNKNOWN_COMMAND, status=400 if in_path is None else 404)
            raise CommandError(hinted(row, self._hint_for_name(name, in_path)))
        return entry

    def _hint_for_path(self, path: str) -> str | None:
        """A slash too many, or the name of a command that the path is near to."""
        bare = without_spare_slashes(path)
        if bare != path and (entry := self.registry.find_path(bare)):
            return slash_too_many(f"/api/v1/{entry.command.path or entry.command.name}")
        return _did_you_mean(self.registry.near_path(bare))

    def _hint_for_name(self, name: Any, in_path: Entry | None) -> str | None:
        if in_path is not None:
            return f"The path is that of {in_path.command.name}: leave the parameter Command out, or send it to /api.php"
        if name is None:
            return "Name the command in the parameter Command, such as event.track"
        return _did_you_mean(self.registry.near(name)) if isinstance(name, str) else None

    def _named(self, name: Any) -> Entry | None:
        return self.registry.find(name) if isinstance(name, str) else None


def without_spare_slashes(path: str) -> str:
    """Return the parts of a path joined by one slash each."""
    return "/".join(filter(None, path.split("/", MAX_PATH_PARTS)))


def slash_too_many(path: str) -> str:
    """Return the hint for a path that has one slash more than `path`."""
    return f"A slash too many: the path is {path}"


def _did_you_mean(name: str | None) -> str | None:
    return None if name is None else f"Did you mean {name}?"


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
