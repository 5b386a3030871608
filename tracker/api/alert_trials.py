"""Alert trials: a look at an alert that decides nothing, told to its receivers as a test."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.alert_answers import looked_at
from tracker.api.alert_messages import reading_answer
from tracker.api.alert_readings import asked_by_share, read_alert
from tracker.api.report_params import LIST_NOT_FOUND
from tracker.api.trigger_messages import post_answer
from tracker.domain.alert_rule import is_bad
from tracker.storage.alerts import ListAlert

#: Seconds that the request of a trial may take: the look has its time too, and a call has five.
TEST_SECONDS = 3.0


def try_alert(command: Command, alert: ListAlert) -> dict[str, Any]:
    """Look at an alert and tell what was read; return what came of it."""
    place = command.own_list(alert.list_id, LIST_NOT_FOUND)
    looked = looked_at(alert, place.name, command.user_id)
    services, asking = command.services, asked_by_share(command, alert.list_id)
    reading = read_alert(asking, alert.list_id, looked.rule)
    number, body, mails = services.alerts.try_out(looked, reading)
    posted = None
    if alert.url is not None:
        result = services.alerts.post(alert.url, alert.url_secret, number, body, TEST_SECONDS)
        posted = post_answer(result, body)
    return {
        "IsBad": is_bad(looked.rule, reading),
        "Reading": reading_answer(reading),
        "Found": reading.words or None,
        "Trouble": reading.trouble,
        "Posted": posted,
        "MailCount": mails,
    }
