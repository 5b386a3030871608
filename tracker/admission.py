"""Admission control: finds the caller of a call, checks the permission, and counts the call against rate limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from tracker import errors
from tracker.call import Answer, Call
from tracker.caller import Caller, Misplaced
from tracker.errors import CommandError
from tracker.formats.client_ip import network
from tracker.registry import Command, Entry, anyone, is_open_to, public_list

#: The parameter that names a list to callers who may only track into it.
_PUBLIC_ID = "EventListTrackerID"


class Authenticator(Protocol):
    def caller(
        self,
        bearer: str | None,
        api_key: Any,
        session_id: Any,
        deadline: float | None = None,
        misplaced: Misplaced | None = None,
    ) -> Caller: ...

    def of_public_list(self, tracker_id: Any, deadline: float | None = None) -> Caller: ...

    def knows(self, text: bytes, deadline: float | None = None) -> bool: ...

    def forget(self, api_key: Any) -> None: ...


class Admission:
    """Finds callers and counts their calls; `now()` returns UTC milliseconds.

    `limiter.hit(command, who, limit, cost)` counts a call, `rates` holds each command's limits.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        limiter: Any,
        rates: Mapping[str, Any],
        now: Callable[[], int],
    ) -> None:
        self._authenticator, self._limiter, self._rates, self._now = authenticator, limiter, rates, now

    def admitted(self, call: Call, params: Mapping[str, Any], command: type[Command]) -> Caller:
        """Return the caller. Raises CommandError (99998, 99999, 403)."""
        caller = self._caller(call, params, command)
        if not is_open_to(command, caller):
            raise CommandError(errors.FORBIDDEN)
        return caller

    def read(self, call: Call, entry: Entry | None, answer: Answer) -> None:
        """Read the call's parameters, after the checks that need only headers and path.

        A call of an unknown caller whose parameters cannot be read counts all the same. Raises CommandError.
        """
        if call.unread is None:
            return
        caller = answer.caller = self._beforehand(call, entry) if entry is not None else None
        is_known = self._is_known(call, caller)
        knows = partial(self._authenticator.knows, deadline=call.deadline) if caller is None else None
        try:
            call.params, call.is_form = call.unread.read(is_known, knows)
        except CommandError:
            if entry is not None and caller is not None and not is_known:
                self.count(entry, caller, 1, answer)
            raise

    def may_still(self, call: Call, params: Mapping[str, Any], command: type[Command]) -> bool:
        """Whether the call would be admitted now; its key is read from storage, not from the cache. Raises StorageUnavailable."""
        self._authenticator.forget(call.bearer if call.bearer is not None else params.get("APIKey"))
        try:
            self.admitted(call, params, command)
        except CommandError:
            return False
        return True

    def count(self, entry: Entry, caller: Caller, cost: int, answer: Answer) -> None:
        """Add `cost` to each window of the caller. Raises CommandError (429). The first window's headers are answered."""
        for name, who in _windows(entry, caller):
            self._hit(name, who, cost, answer.headers)

    def _beforehand(self, call: Call, entry: Entry) -> Caller | None:
        """Return the caller whom header or path name and who may call now; None where the parameters may hold the credential."""
        command = entry.command
        if command.permission is public_list and _PUBLIC_ID not in call.params:
            caller = Caller(None).calling_from(call.address, call.request_id, call.sender)
        elif call.bearer is None and command.permission not in (anyone, public_list):
            return None
        else:
            caller = self.admitted(call, call.params, command)
        if call.unread is not None and not call.unread.is_cheap:
            for name, who in _windows(entry, caller):
                self._hit(name, who, 0, {})
        return caller

    def _is_known(self, call: Call, caller: Caller | None) -> bool:
        """Whether a private credential was sent; a list's public id is known to everybody."""
        if caller is not None:
            return caller.user_id is not None and caller.list_id is None
        return call.bearer is not None and self._authenticator.knows(call.bearer.encode(), call.deadline)

    def _caller(self, call: Call, params: Mapping[str, Any], command: type[Command]) -> Caller:
        if call.caller is not None:
            return call.caller
        if command.permission is anyone:
            caller = Caller(None)
        elif command.permission is public_list:
            caller = self._authenticator.of_public_list(params.get(_PUBLIC_ID), call.deadline)
        else:
            key, session = params.get("APIKey"), params.get("SessionID")
            caller = self._authenticator.caller(call.bearer, key, session, call.deadline, call.misplaced)
        return caller.calling_from(call.address, call.request_id, call.sender)

    def _hit(self, name: str, who: str, cost: int, answered: dict[str, str]) -> None:
        """Count a hit; one without a cost is refused if nothing is left. Adds the headers of the limit to `answered`."""
        decision = self._limiter.hit(name, who, self._rates[name], cost)
        headers = {
            "X-RateLimit-Limit": str(decision.limit),
            "X-RateLimit-Remaining": str(decision.remaining),
            "X-RateLimit-Reset": str(decision.reset_at),
        }
        for header, value in headers.items():
            answered.setdefault(header, value)
        if not decision.is_allowed or (cost == 0 and decision.remaining == 0):
            seconds = str(decision.seconds_left(self._now()))
            raise CommandError(errors.RATE_LIMITED, headers={**headers, "Retry-After": seconds})


def _windows(entry: Entry, caller: Caller) -> Iterator[tuple[str, str]]:
    """Yield the windows that a call counts in, by address first: one client cannot use up the limit of a list's visitors."""
    name, address = entry.limited_as, f"address:{network(caller.address)}"
    if entry.command.address_limit is not None:
        yield f"{name}.address", address
    if caller.share_id is not None:
        yield name, f"share:{caller.share_id}"
    elif caller.list_id is not None:
        yield name, f"list:{caller.list_id}"
    elif caller.user_id is not None:
        yield name, f"user:{caller.user_id}"
    else:
        yield name, address
