"""Console: Tracker's pages at `/`, each made of commands' answers.

To add a page: a module in `pages/` with its ROUTES, its name in `pages/__init__.py`, a template in `templates/` that
extends `layout.html` (or `list.html`, for a page about a list), and its script, if any, in `static/`.
"""

from tracker.console.alert_mails import alert_mail
from tracker.console.blueprint import console
from tracker.console.report_mails import NumbersLater, NumbersRefused, report_mail
from tracker.console.share_pages import share_pages
from tracker.console.unsubscribe_pages import unsubscribe_pages

__all__ = [
    "NumbersLater",
    "NumbersRefused",
    "alert_mail",
    "console",
    "report_mail",
    "share_pages",
    "unsubscribe_pages",
]
