"""Pause mails: a trigger that has paused itself is told to the owner of its list, in one mail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from tracker.mail import MailMessage, MailOutcome, MailSender
from tracker.storage.engine import Database
from tracker.storage.triggers import PausedBy, PauseNotice, pause_notices

#: Milliseconds until a mail that was certainly not sent is tried again.
AGAIN_MS = 300_000
#: Why a trigger has paused itself.
REASONS = {
    PausedBy.FAILURES: "nothing was accepted for a day",
    PausedBy.BACKLOG: "more messages wait than are kept",
    PausedBy.CONDITIONS: "a regular expression among its conditions cannot be matched",
}

_log = logging.getLogger("tracker.delivery")


class PauseMails:
    """The mails about pauses as one process sends them. Each is claimed before it is said, as those of schedules are."""

    def __init__(self, database: Database, now: Callable[[], int], public_url: str) -> None:
        self._database, self._now, self._url = database, now, public_url
        self._again: dict[tuple[int, int], int] = {}

    def look(self, sender: MailSender) -> None:
        """Send what nobody was told yet. Raises StorageUnavailable, OutcomeUnknown."""
        now = self._now()
        self._again = {key: at for key, at in self._again.items() if at > now}
        for notice in pause_notices.open_notices(self._database, now):
            key = notice.list_id, notice.trigger_id
            if key not in self._again and not self._tell(sender, notice):
                self._again[key] = now + AGAIN_MS

    def _tell(self, sender: MailSender, notice: PauseNotice) -> bool:
        """Send one mail; return False if it was certainly not sent, and may be another time."""
        claim = partial(pause_notices.claim_notice, notice=notice)
        name = f"pause.{notice.list_id}.{notice.trigger_id}.{notice.paused_at}"
        done = sender.send(
            notice.address,
            pause_mail(notice, self._url),
            name,
            lambda: self._database.write(claim, list_id=notice.list_id),
        )
        if done.failure is not None:
            about = (notice.trigger_id, notice.list_id, done.failure)
            _log.warning("the mail about the pause of trigger %d of list %d: %s", *about)
        if done.outcome is MailOutcome.REFUSED:  # for good
            self._database.write(claim, list_id=notice.list_id)
        if done.outcome is MailOutcome.FAILED:
            reopen = partial(pause_notices.reopen_notice, notice=notice)
            self._database.write(reopen, list_id=notice.list_id)
        return done.outcome is not MailOutcome.FAILED


def pause_mail(notice: PauseNotice, public_url: str) -> MailMessage:
    """Return the mail about a pause."""
    failure = f"The last failure: {notice.last_failure}.\n\n" if notice.last_failure else ""
    text = (
        f"The trigger {notice.trigger} of the list {notice.list_name} is paused: {REASONS[PausedBy(notice.paused_by)]}.\n\n"
        f"{failure}What waits is kept. Set the trigger going again once that is mended:\n"
        f"{public_url}/lists/{notice.list_id}/triggers/{notice.trigger_id}\n\nThis mail comes once.\n"
    )
    return MailMessage(f"Paused: the trigger {notice.trigger} of {notice.list_name}", text)
