"""Matomo: its tracking HTTP API, one request at a time and in bulk: what matomo.js and its clients for servers send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.errors import BODY_TOO_LARGE, CommandError, because
from tracker.http.body.form import MAX_STRANGERS_ESCAPES
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    PAGE_VIEW,
    REFUSED_TIME,
    Params,
    address_of,
    agent_of,
    conversion_of,
    made,
    names,
    screen_of,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import PIXEL, form_of, json_of, no_event, object_of
from tracker.times import time_ms

#: Parameters in a bulk of a stranger. matomo.js sends 50 requests at once, of some forty each.
_MAX_STRANGERS_FIELDS = 5_000
#: What each request has, as it stands in a query. Without it no query is taken apart.
_IS_RECORDED = "rec=1"
_NO_EVENT, _NO_BULK = "a request has idsite, and rec=1", "the requests of a bulk are an array of queries"
_KEY_PARAM = "token_auth"
#: How far back a time is believed without a key, as in Matomo.
_DAY_MS = 86_400_000
#: Parameters by their property; those of `_NUMBERS` are numbers, and `_ITEMS` JSON.
_PROPERTIES = {
    "e_c": "category", "e_n": "name", "e_v": "value", "search": "search", "search_cat": "search_category",
    "search_count": "search_count", "c_n": "content_name", "c_p": "content_piece", "c_t": "content_target",
    "c_i": "content_interaction", "ec_id": "order_id", "revenue": "revenue", "ec_st": "subtotal", "ec_tx": "tax",
    "ec_sh": "shipping", "ec_dt": "discount", "ec_items": "ec_items", "_pks": "product_sku", "_pkn": "product_name",
    "_pkc": "product_category", "_pkp": "product_price", "idgoal": "goal_id", "cra": "message",
}  # fmt: skip
_NUMBERS = frozenset(("e_v", "search_count", "revenue", "ec_st", "ec_tx", "ec_sh", "ec_dt", "_pkp", "idgoal"))
#: The goal of orders, which has no number of its own.
_ORDER = ("idgoal", "0")
_ITEMS = "ec_items"
_PAGE = {
    "url": "$current_url", "action_name": "$page_title", "urlref": "$referrer", "_rcn": "$utm_campaign", "_rck": "$utm_term",
}  # fmt: skip
#: Names of events by the parameter that makes one; the first that is there counts.
_NAMES = {
    "search": "site_search", "download": "download", "link": "outlink", "c_i": "content_interaction",
    "c_n": "content_impression", "cra": "crash",
}  # fmt: skip


class Matomo(Adapter):
    """Matomo's tracker. The public id is in the address; `token_auth` is the API key, also in a query."""

    family = "matomo"
    title = "Matomo"
    routes: ClassVar[Mapping[str, str]] = {
        f"{method} /{name}.php": "events" for method in ("GET", "POST") for name in ("matomo", "piwik")
    }
    is_credentialed = True

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return _credential_in(request.query) or SdkCredential.of_bearer(request.headers.get("authorization"))

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        sent = _bulk(request)
        if sent is None:
            return _credential_in(request.form)
        requests = (each for each in _requests(request, sent) if isinstance(each, (str, dict)))
        first = next((each for each in requests if _KEY_PARAM in each), None)
        return _credential_in(sent) or _credential_in(_parameters(request, first))

    def events(self, request: SdkRequest) -> list[Item]:
        bulk = _bulk(request)
        if bulk is not None:
            sent = _requests(request, bulk)
            return tied(request, [_read(request, _parameters(request, each)) for each in sent])
        return tied(request, [_read(request, _single(request))])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        if _bulk(request) is None:
            is_silent = _single(request).get("send_image") == "0"
            return SdkReply(204, b"") if is_silent else SdkReply(200, PIXEL, media_type="image/gif")
        refused = [at for at, outcome in enumerate(outcomes) if outcome]
        counts = {"tracked": len(outcomes) - len(refused), "invalid": len(refused)}
        return SdkReply(
            200, {"status": "success", **counts, **({"invalid_indices": refused} if refused else {})}
        )

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        return SdkReply(refusal.status, {"status": "error", "message": refusal.message})


def _credential_in(sent: Any) -> SdkCredential | None:
    token = sent.get(_KEY_PARAM) if isinstance(sent, dict) else None
    found = SdkCredential.of(f":{token}") if isinstance(token, str) else None
    return found if found and found.secret else None


def _bulk(request: SdkRequest) -> Params | None:
    """Return the object of a bulk; None for a single request. Raises CommandError (100000)."""
    if request.method != "POST" or request.body.lstrip()[:1] not in (b"{", b"["):
        return None
    return object_of(request.json)


def _single(request: SdkRequest) -> dict[str, str]:
    return {**request.query, **(request.form if request.body else {})}


def _requests(request: SdkRequest, bulk: Params) -> list[Any]:
    """Return the requests of a bulk, if their queries do not cost too much to take apart. Raises CommandError (100000, 100010)."""
    if not request.is_known and request.body.count(b"&") > _MAX_STRANGERS_FIELDS:
        raise CommandError(because(BODY_TOO_LARGE, f"more than {_MAX_STRANGERS_FIELDS} parameters"))
    return request.things(bulk.get("requests"), _NO_BULK)


def _parameters(request: SdkRequest, sent: Any) -> Any:
    """Return the parameters of a request of a bulk; None for one that has none."""
    if not isinstance(sent, str):
        found = sent.items() if isinstance(sent, dict) else ()
        return {name: str(value) for name, value in found if value is not None}
    if _IS_RECORDED not in sent:
        return None
    head, _, tail = sent.partition("?")
    query = (sent if "=" in head else tail).encode(errors="replace")
    if "may_be_odd" not in request.memo:
        request.memo["may_be_odd"] = request.is_known or request.body.count(b"%") <= MAX_STRANGERS_ESCAPES
    try:
        return form_of(query, request.is_known, request.memo["may_be_odd"])
    except CommandError:
        return None


def _read(request: SdkRequest, sent: Any) -> list[Params] | CommandError:
    if not isinstance(sent, dict) or not sent.get("idsite") or sent.get("rec") != "1":
        return no_event(_NO_EVENT)
    if sent.get("ping") == "1" or sent.get("ma_id"):
        return []
    named, refused = names(sent.get("uid"))
    clock, late = _moment(request, sent)
    address = address_of(request, sent.get("cip"))
    agent = agent_of(request, sent.get("ua"))
    visitor = visitor_uuid(sent.get("cid") or sent.get("_id"))
    if not visitor and not named:
        own = agent or request.headers.get("user-agent", "")
        visitor = request.visitor_of_day(address.get("IPAddress", request.address), own)
    told = {**_told(sent), **refused, **late}
    event = made(
        _name_of(sent), told, named, clock, address, agent=agent, UUID=visitor, EventID=request.row_id
    )
    is_cart = sent.get("idgoal") == "0" and not sent.get("ec_id")
    value = told.get("revenue") if sent.get("idgoal") and not is_cart else None
    return [event, *conversion_of(request, event, value, order_id=sent.get("ec_id"))]


def _name_of(sent: Params) -> str:
    if sent.get("e_a"):
        return str(sent["e_a"])
    if goal := sent.get("idgoal"):
        return f"goal_{goal}" if goal != "0" else "ecommerce_order" if sent.get("ec_id") else "ecommerce_cart"
    own = next((name for parameter, name in _NAMES.items() if sent.get(parameter)), PAGE_VIEW)
    return "custom_action" if own == PAGE_VIEW and sent.get("ca") == "1" else own


def _moment(request: SdkRequest, sent: Params) -> tuple[Params, Params]:
    """Return the time in a request, or the property that keeps one that is not believed. Its texts are of UTC."""
    told, ago = sent.get("cdt"), sent.get("cdo", "")
    if not told:
        return times(request, request.now - int(ago) * 1000 if ago.isdecimal() and len(ago) < 9 else None)
    moment = time_ms(told) or time_ms(f"{told.strip().replace(' ', 'T')}Z")
    if moment is None or (moment < request.now - _DAY_MS and not request.has_secret):
        return {}, {REFUSED_TIME: told}
    return times(request, moment)


def _told(sent: Params) -> Params:
    """Return the properties of a request."""
    found: Params = {ours: sent[name] for name, ours in _PAGE.items() if sent.get(name)}
    found |= screen_of(sent.get("res"), "x")
    if target := sent.get("download") or sent.get("link"):
        found["$target_url"] = target
    if language := sent.get("lang", "").partition(",")[0].strip():
        found["$browser_language"] = language
    for name, value in sent.items():
        if name.startswith("dimension") and name[9:].isdecimal():
            found[name] = value
        elif name in _PROPERTIES and value != "" and (name, value) != _ORDER:
            found[_PROPERTIES[name]] = _value(name, value)
    return {**found, **_variables(sent.get("_cvar")), **_variables(sent.get("cvar"))}


def _value(name: str, value: str) -> Any:
    found = _json_in(value) if name in _NUMBERS or name == _ITEMS else value
    return found if name == _ITEMS or isinstance(found, (int, float)) else value


def _variables(sent: Any) -> Params:
    """Return custom variables by their names: {"1": ["name", "value"]}."""
    found = _json_in(sent) if sent else None
    pairs = found.values() if isinstance(found, dict) else ()
    return {
        each[0]: each[1]
        for each in pairs
        if isinstance(each, list) and len(each) == 2 and isinstance(each[0], str)
    }


def _json_in(text: str) -> Any:
    """Return the JSON value in a text; the text itself if there is none."""
    try:
        return json_of(text.encode(errors="replace"), is_known=False)
    except CommandError:
        return text
