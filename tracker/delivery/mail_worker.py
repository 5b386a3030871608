"""Mail worker: of all processes the one that has the lease sends what is due, each mail once for each address and period."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

from tracker.delivery.pause_mails import PauseMails
from tracker.jobs.leased_work import LeasedWork
from tracker.mail import TEST_MAIL, Delivered, MailMessage, MailOutcome, MailSender
from tracker.questions import last_due
from tracker.storage.accounts import DueMail, MailState, claim_mail, mails_to_look_at, record_mail
from tracker.storage.engine import Database

#: Makes a mail of the address at which one unsubscribes.
Rendered = Callable[[str], MailMessage]
#: Returns what renders the mails of a schedule that was due at a time. Raises NotYet, CannotBeMailed.
ComposeMail = Callable[[DueMail, int], Rendered]
_STATES = {
    MailOutcome.ACCEPTED: MailState.ACCEPTED,
    MailOutcome.REFUSED: MailState.REFUSED,
    MailOutcome.FAILED: MailState.FAILED,
    MailOutcome.UNKNOWN: MailState.UNKNOWN,
}

_log = logging.getLogger("tracker.delivery")


class NotYet(Exception):
    """The numbers are not there now, and will be later."""


class CannotBeMailed(Exception):
    """The report is refused: the text says why, for its owner."""


class MailWorker(LeasedWork):
    """The mails of schedules as one process sends them. Without a sender nothing is sent.

    Of two processes that both think that they have the lease each mail is sent by one: it is claimed before. One whose words were
    being said when the work ended has an unknown outcome.
    """

    lease = b"mails"

    def __init__(
        self,
        database: Database,
        now: Callable[[], int],
        sender: MailSender | None,
        public_url: str,
        compose: ComposeMail | None = None,
    ) -> None:
        super().__init__(database, now)
        self.sender, self._url = sender, public_url
        self.compose = compose
        self._pauses = PauseMails(database, now, public_url)

    @property
    def is_possible(self) -> bool:
        return self.sender is not None and self.compose is not None

    def look(self) -> None:
        """Send what is due now. Raises StorageUnavailable, OutcomeUnknown."""
        sender, compose, now = self.sender, self.compose, self._now()
        if sender is None or compose is None or not self._has_lease(now):
            return
        self._pauses.look(sender)
        found = mails_to_look_at(self._database, now)
        for mails in _by_schedule(found, now):
            period = last_due(mails[0].every, mails[0].hour, mails[0].zone, now)
            if not self._send_all(sender, compose, mails, period):
                return

    def trial(self, address: str, message_id: str, seconds: float) -> Delivered | None:
        """Send a mail that says nothing, at once; None without a server."""
        sender = self.sender
        return None if sender is None else sender.send(address, TEST_MAIL, message_id, seconds=seconds)

    def _send_all(self, sender: MailSender, compose: ComposeMail, mails: list[DueMail], period: int) -> bool:
        """Send a schedule's mails; return whether the server can be asked for more."""
        try:
            rendered = compose(mails[0], period)
        except NotYet:
            return True
        except CannotBeMailed as refused:
            for mail in mails:
                self._record(mail, period, MailState.REFUSED, str(refused))
            return True
        return all(self._send(sender, mail, period, rendered) for mail in mails)

    def _send(self, sender: MailSender, mail: DueMail, period: int, rendered: Rendered) -> bool:
        link = unsubscribe_link(self._url, mail.schedule_id, mail.secret, mail.address_key)
        claim = partial(claim_mail, mail=mail, period=period, now=self._now())
        name = f"{mail.schedule_id}.{period}.{link.rpartition('/')[2][:16]}"
        done = sender.send(mail.address, rendered(link), name, lambda: self._database.write(claim))
        if done.outcome is not MailOutcome.UNCLAIMED:
            self._record(mail, period, _STATES[done.outcome], done.failure)
        return not done.is_server_at_fault

    def _record(self, mail: DueMail, period: int, state: MailState, failure: str | None) -> None:
        record = partial(record_mail, mail=mail, period=period, state=state, failure=failure, now=self._now())
        self._database.write(record)
        if failure is not None:
            about = (mail.schedule_id, mail.list_id, state.name.lower(), failure)
            _log.warning("a mail of schedule %d of list %d: %s: %s", *about)


def unsubscribe_link(public_url: str, schedule_id: int, secret: bytes, address_key: str) -> str:
    """Return where an address unsubscribes from a schedule: nobody else's link can be made of it."""
    return f"{public_url}/u/{schedule_id}/{unsubscribe_token(secret, address_key)}"


def unsubscribe_token(secret: bytes, address_key: str) -> str:
    return hmac.new(secret, address_key.encode(), "sha256").hexdigest()


def _by_schedule(found: list[DueMail], now: int) -> Iterator[list[DueMail]]:
    """Yield the mails that are due, those of one schedule together."""
    for _, same in groupby(found, lambda mail: mail.schedule_id):
        mails = list(same)
        due = last_due(mails[0].every, mails[0].hour, mails[0].zone, now)
        wanted = [mail for mail in mails if mail.period < due and due > mail.active_from]
        if wanted:
            yield wanted
