"""How does a test use the console? Like a browser without scripts: cookies are kept, forms are filled in and sent."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import requests

from tests.client import InProcess, Reply, Shop
from tests.served import Account, Tracker

SESSION = "tracker_session"
Ask = Callable[..., Reply]
TOKEN = re.compile(r'name="token" value="([0-9a-f]{128})"')


class Visitor:
    """One browser. Redirects are not followed: where they lead is what tests ask."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", 15)
        return self._session.request(method, self.tracker.url + path, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        """A form of nobody's: without a token, unless `data` has one."""
        return self.send("POST", path, **options)

    def submit(self, path: str, at: str | None = None, **fields: Any) -> requests.Response:
        """The form on the page `at` that is sent to `path`, filled in."""
        return self.post(path, data={"token": self.token(at or path), **fields})

    def token(self, at: str = "/keys") -> str:
        """The token of the forms on a page."""
        return token_in(self.get(at))

    def sign_in(self, account: Account) -> Visitor:
        answer = self.submit("/sign-in", email=account.email, password=account.password)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/"), answer.text
        return self

    @property
    def session_id(self) -> str | None:
        found: str | None = self._session.cookies.get(SESSION)
        return found


def unmasked(answer: requests.Response) -> str:
    """A page without its form tokens, which are masked anew for each answer."""
    return TOKEN.sub("", answer.text)


def signed_in(client: InProcess, user: Shop) -> Ask:
    """`ask(method, path, …)` to the console of a Tracker in this process, with a session of the user's."""
    session = client.services.stores.sessions.open(user.user_id)
    return partial(_ask, client, {"Cookie": f"{SESSION}={session}"})


def _ask(client: InProcess, cookie: dict[str, str], method: str, path: str, **options: Any) -> Reply:
    return client.request(method, path, headers=cookie | options.pop("headers", {}), **options)


def token_in(answer: requests.Response | Reply) -> str:
    """The token of the forms on a page."""
    found = TOKEN.findall(answer.text)
    assert found, f"no form on {answer.text}"
    return str(found[-1])


def words(answer: requests.Response | Reply) -> str:
    """What a person reads on a page."""
    body = re.sub(r"<[^>]*>", " ", "<main" + answer.text.partition("<main")[2])
    return " ".join(html.unescape(body).split())
