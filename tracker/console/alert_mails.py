"""Alert mails: that an alert has turned bad, or is well again, as text and as HTML that loads nothing."""

from __future__ import annotations

import json

from flask import Flask, render_template

from tracker.console.report_mails import unsubscribe_headers
from tracker.mail import MailMessage

#: How the subject begins, by the type of the message, and the colour of the bar above it.
BEGINS = {"alarm": "Alarm", "well": "Well again", "test": "Test"}
COLOURS = {"alarm": "#b3261e", "well": "#1b7f4b", "test": "#6b7280"}


def alert_mail(app: Flask, body: bytes, public_url: str, unsubscribe: str) -> MailMessage:
    """Return the mail of a message. Its body is what a URL gets, too: both say the same."""
    message = json.loads(body)
    begins = BEGINS[message["Type"]]
    values = {
        "message": message,
        "begins": begins,
        "colour": COLOURS[message["Type"]],
        "path": f"{public_url}/lists/{message['ListID']}/alerts/{message['AlertID']}",
        "unsubscribe": unsubscribe,
    }
    with app.test_request_context("/"):
        text, html = render_template("mail_alert.txt", **values), render_template("mail_alert.html", **values)
    subject = f"{begins}: {message['Alert']} · {message['List']}"
    return MailMessage(subject, text, html, None, unsubscribe_headers(unsubscribe))
