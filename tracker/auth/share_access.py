"""Share access: what the token of a share link opens, how often it may be opened, and the password that some links ask for."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from tracker.auth.failed_tries import FailedTries, place_of, windows_of
from tracker.caller import Caller, parse_permissions
from tracker.errors import RATE_LIMITED, CommandError
from tracker.formats.credentials import is_share_token
from tracker.rate_limits import Limiter, RateLimit
from tracker.storage.accounts import OpenedShare, Shares, is_password

#: Openings of share links from one network, of links that there are and of others.
OPENED_AS, OPENED = "share.opened", RateLimit(120, 60)
#: The name of wrong passwords among the rate limits.
COUNTED_AS = "share.failed"
#: All that a share link may do.
READS = frozenset({"Reports.Get"})
#: Milliseconds for which a browser that gave the password need not give it again.
ENTERED_MS = 12 * 3600 * 1000


class ShareAccess:
    """Opens share links. A token that is unknown, revoked or over, and one that was made up, are one case."""

    def __init__(self, shares: Shares, limiter: Limiter, now: Callable[[], int]) -> None:
        self._shares, self._limiter, self._now = shares, limiter, now
        self._tries = FailedTries(limiter, COUNTED_AS, now)

    def opened(self, token: str, address: str, deadline: float | None = None) -> OpenedShare | None:
        """Return what the token opens, or None. Raises CommandError (429) after too many openings from the network."""
        decision = self._limiter.hit(OPENED_AS, f"place:{place_of(address)}", OPENED)
        if not decision.is_allowed:
            seconds = str(decision.seconds_left(self._now()))
            raise CommandError(RATE_LIMITED, headers={"Retry-After": seconds})
        return self._shares.opened(token, deadline) if is_share_token(token) else None

    def entered(
        self, share: OpenedShare, password: str, address: str, deadline: float | None = None
    ) -> str | None:
        """Return what a browser keeps as proof of the password; None for a wrong one. Raises CommandError (429) after too many."""
        windows = windows_of(f"share:{share.id}", place_of(address))
        with self._tries.turn(deadline):
            self._tries.refuse_exhausted(windows)
            if is_password(password, share.password_hash, deadline):
                return self._proof(share, self._now() + ENTERED_MS)
            self._tries.count(windows)
        return None

    def is_open(self, share: OpenedShare, proof: str) -> bool:
        """Whether the share asks for no password, or the proof is one that `entered` gave and not too old."""
        if share.password_hash is None:
            return True
        ends, _, _ = proof.partition(".")
        if not (ends.isascii() and ends.isdigit() and len(ends) < 16 and self._now() < int(ends)):
            return False
        return hmac.compare_digest(self._proof(share, int(ends)).encode(), proof.encode())

    def caller(self, share: OpenedShare, address: str, request_id: str) -> Caller:
        """Return the caller of a share's reports: it may do nothing that the list's owner may not do now."""
        permissions = parse_permissions(share.permissions)
        may = READS if "*" in permissions else READS & permissions
        return Caller(
            share.user_id,
            may,
            address=address,
            request_id=request_id,
            list_id=share.list_id,
            share_id=share.id,
        )

    def _proof(self, share: OpenedShare, ends: int) -> str:
        """Return the proof: its key is the stored hash of the password, whose salt nobody outside knows."""
        key = (share.password_hash or "").encode()
        signed = hmac.new(key, share.token_hash + str(ends).encode(), "sha256")
        return f"{ends}.{signed.hexdigest()}"
