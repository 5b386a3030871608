"""Mail server page at `/console/mail`: an administrator sends a mail, and sees what the server said."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.page_context import Route

WORDS = {"To": "An address that a mail can be sent to."}


def show() -> str:
    return render_template("mail_server.html", to="", answer=None, faults={})


def send() -> Any:
    """Send it. Whatever the server says is what the page is for."""
    to = request.form.get("To", "").strip()
    try:
        answer = ask("mail.test", To=to or None)
    except CallRefused as refused:
        faults = refused.beside(WORDS)
        return render_template("mail_server.html", to=to, answer=None, faults=faults), refused.status
    return render_template("mail_server.html", to=to, answer=answer, faults={})


ROUTES = (Route("GET", "/console/mail", show), Route("POST", "/console/mail", send))
