"""API keys page at `/keys`: make, see and revoke keys."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import abort, redirect, render_template, request

from tracker.console.client import CallRefused, Unanswered, ask, registry
from tracker.console.page_context import Route
from tracker.console.permissions import offered

WORDS = {
    "Name": "A name has at most 250 characters.",
    "Permissions": "Choose at least one permission.",
    "": "Your own account lacks one of these permissions.",
}
#: The permission sets of the form's choices; "some" are those that are ticked.
SETS = {"events": "", "all": "*"}


def show() -> str:
    return _page(_keys())


def create() -> Any:
    """Make a key. The answer to the form shows it: a secret belongs in no address and no cookie."""
    name, choice = request.form.get("name", "").strip(), request.form.get("may", "")
    chosen = request.form.getlist("permission")
    form = {"name": name, "may": choice, "chosen": chosen}
    if choice not in SETS and not chosen:
        return _page(_keys(), faults={"Permissions": WORDS["Permissions"]}, **form), 422
    try:
        made = ask("apikey.create", Name=name, Permissions=SETS.get(choice, ",".join(chosen)))
    except CallRefused as refused:
        return _page(_keys(), faults=refused.beside(WORDS), **form), refused.status
    keys: list[dict[str, Any]] | None = None
    with suppress(Unanswered):  # the key is made, and only this answer will ever show it
        keys = _keys()
    return _page(keys, made=made, made_name=name)


def ask_to_revoke(prefix: str) -> str:
    return render_template("key_revoke.html", area="keys", key=_key(prefix))


def revoke(prefix: str) -> Any:
    ask("apikey.revoke", Prefix=prefix)
    return redirect("/keys?revoked=1", 303)


def _key(prefix: str) -> dict[str, Any]:
    """Return a key that is not revoked; others have no page to confirm."""
    good = [key for key in _keys() if key["Prefix"] == prefix and key["RevokedOn"] is None]
    if not good:
        abort(404)
    return good[0]


def _keys() -> list[dict[str, Any]]:
    """Return the keys, newest first, and revoked ones below."""
    newest_first = ask("apikeys.get")["APIKeys"][::-1]
    return sorted(newest_first, key=lambda key: key["RevokedOn"] is not None)


def _page(keys: list[dict[str, Any]] | None, **form: Any) -> str:
    """Render the page; with None for `keys` it leaves their table out."""
    return render_template(
        "keys.html",
        area="keys",
        keys=keys,
        permissions=offered(registry()),
        is_revoked="revoked" in request.args,
        **form,
    )


ROUTES = (
    Route("GET", "/keys", show),
    Route("POST", "/keys", create),
    Route("GET", "/keys/<prefix>/revoke", ask_to_revoke),
    Route("POST", "/keys/<prefix>/revoke", revoke),
)
