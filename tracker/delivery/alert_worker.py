"""Alert worker: of all processes the one that has the lease looks at alerts, writes down what turned, and tells it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import gevent
from gevent.pool import Pool

from tracker.delivery.delivering import TRIED_MS, after_attempt
from tracker.delivery.mail_worker import unsubscribe_token
from tracker.domain.alert_rule import AlertReading, is_bad
from tracker.domain.alert_state import AlertState, Turn, after_look
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.jobs.leased_work import LeasedWork
from tracker.mail import MailMessage, MailOutcome, MailSender
from tracker.outgoing import POST_SECONDS, Poster, PostResult, signed_headers
from tracker.storage.accounts import MailState
from tracker.storage.alerts import DueAlert, DueNotice, NewNotice, NoticeState, alert_looks, alert_notices
from tracker.storage.alerts.alert_looks import Look
from tracker.storage.alerts.alert_notices import TO_URL
from tracker.storage.engine import Database
from tracker.storage.triggers import NEVER, PostAttempt

#: Milliseconds between two looks at an alert; one that costs more than a hundredth of that is looked at more rarely.
EVERY_MS, COST_FACTOR = 60_000, 100
#: Posts at a time, and milliseconds until a mail is tried again.
MAX_POSTS, AGAIN_MS = 16, 5 * 60_000
#: How the number of an alert begins in links to unsubscribe; that of a schedule stands there alone.
ALERT_LINKS = "a"

_log = logging.getLogger("tracker.delivery")


@dataclass(frozen=True, slots=True)
class AlertParts:
    """What the work needs of other rooms, handed over by the wiring.

    `compose(alert, turn, number, firing, reading, now)` returns the body of a message.
    """

    new_id: Callable[[], int]
    poster: Poster
    compose: Callable[[DueAlert, Turn, int, int, AlertReading, int], bytes]
    sender: MailSender | None
    public_url: str


class AlertWorker(LeasedWork):
    """The alerts as one process works at them."""

    lease = b"alerts"

    def __init__(self, database: Database, now: Callable[[], int], parts: AlertParts) -> None:
        super().__init__(database, now)
        self._parts = parts
        #: Returns what an alert looks at now. Set by the wiring: reports are asked with all services.
        self.read: Callable[[DueAlert, int], AlertReading] | None = None
        #: Makes a mail of a message's body, the public URL and that at which its reader unsubscribes. Set where there are pages.
        self.mail: Callable[[bytes, str, str], MailMessage] | None = None
        self._telling: gevent.Greenlet | None = None

    @property
    def is_possible(self) -> bool:
        return self.read is not None

    @property
    def is_mail_sent(self) -> bool:
        return self._parts.sender is not None and self.mail is not None

    def _end_what_it_began(self) -> None:
        if self._telling is not None:
            self._telling.kill()

    def look(self) -> None:
        """Look at what is due, and begin to tell what is to be told: a server that hangs holds up no look."""
        if not self.decide():
            return
        if self._telling is None or self._telling.dead:
            self._telling = gevent.spawn(self._tell)

    def decide(self) -> bool:
        """Look at the alerts that are due; return whether this process has the work. Raises StorageUnavailable, OutcomeUnknown."""
        now, read = self._now(), self.read
        if read is None or not self._has_lease(now):
            return False
        for alert in self._database.read(partial(alert_looks.due_alerts, now=now)):
            self._decide_one(alert, read)
            if not self._has_lease(self._now()):
                return False
        return True

    def tell(self) -> None:
        """Send what is due: posts beside each other, mails one after the other. Raises StorageUnavailable, OutcomeUnknown."""
        found = self._database.read(partial(alert_notices.due_notices, now=self._now()))
        posts = Pool(MAX_POSTS)
        for notice in found:
            if notice.address_key == TO_URL and notice.url is not None:
                posts.spawn(self._post, notice)
        try:
            self._mail_all([notice for notice in found if notice.address_key != TO_URL])
            for notice in found:
                if notice.address_key == TO_URL and notice.url is None:
                    self._give_up(notice, "the alert has no URL any more")
        finally:
            posts.join()

    def try_out(self, alert: DueAlert, reading: AlertReading) -> tuple[int, bytes, int]:
        """Have a test told to the addresses of an alert; return the number and the body of the message for its URL, and of mails."""
        now = self._now()
        keys = self._database.read(partial(alert_looks.receivers, list_id=alert.list_id, alert_id=alert.id))
        notices = [self._notice(alert, Turn.TEST, 0, reading, now, key) for key in keys]
        add = partial(
            alert_notices.add_notices, list_id=alert.list_id, alert_id=alert.id, notices=notices, now=now
        )
        self._database.write(add)
        test = self._notice(alert, Turn.TEST, 0, reading, now, TO_URL)
        return test.id, test.body, len(notices)

    def post(
        self, url: str, secret: bytes | None, number: int, body: bytes, seconds: float = POST_SECONDS
    ) -> PostResult:
        """Send one message, signed as of now."""
        headers = signed_headers(str(number), self._now() // 1000, body, [] if secret is None else [secret])
        return self._parts.poster.post(url, headers, body, seconds)

    def _tell(self) -> None:
        try:
            self.tell()
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("notices of alerts wait: %s", type(failure).__name__)
        except Exception as failure:  # noqa: BLE001  what fails now is tried again at the next look
            _log.error("notices of alerts failed, and are tried again: %s", type(failure).__name__)

    def _decide_one(self, alert: DueAlert, read: Callable[[DueAlert, int], AlertReading]) -> None:
        began = time.monotonic()
        now = self._now()
        reading = read(alert, now)
        cost_ms = int((time.monotonic() - began) * 1000)
        standing, turn = after_look(alert.standing, is_bad(alert.rule, reading), now, alert.rule.calm_ms)
        firing_id, notices = 0, []
        if turn is not None:
            firing_id = self._firing_of(alert, standing.state)
            where = partial(alert_looks.receivers, list_id=alert.list_id, alert_id=alert.id)
            keys = [*([TO_URL] if alert.url else []), *self._database.read(where)]
            notices = [self._notice(alert, turn, firing_id, reading, now, key) for key in keys]
        due_at = now + max(EVERY_MS, COST_FACTOR * cost_ms)
        look = Look(now, due_at, reading, standing, turn, firing_id, notices)
        self._database.write(partial(alert_looks.settle, alert=alert, look=look))

    def _firing_of(self, alert: DueAlert, state: AlertState) -> int:
        if state is AlertState.FIRING:
            return self._parts.new_id()
        lasting = partial(alert_notices.lasting_firing, list_id=alert.list_id, alert_id=alert.id)
        return self._database.read(lasting)

    def _notice(
        self, alert: DueAlert, turn: Turn, firing_id: int, reading: AlertReading, now: int, key: str
    ) -> NewNotice:
        number = self._parts.new_id()
        body = self._parts.compose(alert, turn, number, firing_id, reading, now)
        return NewNotice(number, firing_id, turn, key, body)

    def _post(self, notice: DueNotice) -> None:
        now = self._now()
        result = self.post(str(notice.url), notice.url_secret, notice.id, notice.body)
        attempt = PostAttempt(now, result.milliseconds, result.status, result.error, b"")
        state, due_at = after_attempt(notice, attempt, now)
        try:
            self._finish(notice, attempt, NoticeState(state), due_at)
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("the outcome of a notice is not known: %s", type(failure).__name__)

    def _mail_all(self, notices: list[DueNotice]) -> None:
        for notice in notices:
            if notice.address is None:
                self._give_up(notice, "the address gets no mails of the alert any more")
            elif self._parts.sender is not None and self.mail is not None:
                if not self._send(self._parts.sender, self.mail, notice, notice.address):
                    return
            elif self._now() - notice.created_at >= TRIED_MS:
                self._give_up(notice, "no mails are sent: there is no mail server")

    def _send(
        self,
        sender: MailSender,
        mail: Callable[[bytes, str, str], MailMessage],
        notice: DueNotice,
        address: str,
    ) -> bool:
        """Send one mail, which is claimed before it is said; return whether the server can be asked for more."""
        now = self._now()
        token = unsubscribe_token(notice.secret, notice.address_key)
        url = self._parts.public_url
        message = mail(notice.body, url, f"{url}/u/{ALERT_LINKS}{notice.alert_id}/{token}")
        claim = partial(alert_notices.claim, notice=notice, now=now)
        done = sender.send(address, message, str(notice.id), lambda: self._database.write(claim))
        if done.outcome is MailOutcome.UNCLAIMED:
            return True
        state, due_at, told = _after_mail(notice, done.outcome, self._now())
        attempt = PostAttempt(now, max(0, self._now() - now), None, done.failure, b"")
        self._finish(notice, attempt, state, due_at)
        note = partial(
            alert_notices.note_mail, notice=notice, state=told, failure=done.failure, now=self._now()
        )
        self._database.write(note)
        return not done.is_server_at_fault

    def _give_up(self, notice: DueNotice, why: str) -> None:
        self._finish(notice, PostAttempt(self._now(), 0, None, why, b""), NoticeState.GIVEN_UP, NEVER)

    def _finish(self, notice: DueNotice, attempt: PostAttempt, state: NoticeState, due_at: int) -> None:
        finish = partial(alert_notices.finish, notice=notice, attempt=attempt, state=state, due_at=due_at)
        self._database.write(finish)
        if attempt.error is not None:
            _log.warning(
                "a notice of alert %d of list %d: %s", notice.alert_id, notice.list_id, attempt.error
            )


def _after_mail(notice: DueNotice, outcome: MailOutcome, now: int) -> tuple[NoticeState, int, MailState]:
    """Return the state of a mail after its sending, when it is due again, and what is said of its address."""
    if outcome is MailOutcome.ACCEPTED:
        return NoticeState.ACCEPTED, NEVER, MailState.ACCEPTED
    if outcome is MailOutcome.REFUSED:
        return NoticeState.GIVEN_UP, NEVER, MailState.REFUSED
    if outcome is MailOutcome.UNKNOWN:
        return NoticeState.UNKNOWN, NEVER, MailState.UNKNOWN
    if now - notice.created_at >= TRIED_MS:
        return NoticeState.GIVEN_UP, NEVER, MailState.FAILED
    return NoticeState.WAITING, now + AGAIN_MS, MailState.FAILED
