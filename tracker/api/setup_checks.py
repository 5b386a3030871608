"""Setup checks: whether events of a list's websites and back ends arrive, each check with its state and how to mend it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.domain.event import decoded_properties
from tracker.domain.event_time import SKEW_MS
from tracker.formats.page_origins import NO_ORIGIN, is_allowable, is_near
from tracker.inbox.public_probe import Probed, probe
from tracker.storage import rejections
from tracker.storage.accounts import List, ListSettings
from tracker.storage.engine import Transaction
from tracker.storage.events import Sending, latest_sendings
from tracker.storage.rejections import DAY_MS, KEY, LISTLESS, ORIGIN, SIGNAL, Rejection, SenderDay
from tracker.times import iso_utc

if TYPE_CHECKING:
    from tracker.services import Services

OK, WARN, BAD, UNKNOWN = "ok", "warn", "bad", "unknown"
STATES = (OK, WARN, BAD, UNKNOWN)
#: The order in which the whole is as bad as its parts; what is not known yet does no harm.
_WORST = (BAD, WARN, OK)
#: Events that are looked at for clocks, programs and robots; shares from which on they are worth a look.
LOOKED_AT, MANY = 300, 0.25
#: The reason of calls from pages that may not send.
FORBIDDEN = "403"
CHECKS = (
    "Events", "Origins", "Script", "PrivacySignals", "Clock", "Robots", "Keys", "WithoutList", "Refused", "PublicAddress",
)  # fmt: skip


class Check(NamedTuple):
    """One check. `fix` is what to do, or None."""

    name: str
    state: str
    detail: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class OriginUse:
    """What came from the pages of one origin in the last 24 hours."""

    origin: str
    is_allowed: bool
    seen: int
    refused: int
    last_at: int

    @property
    def is_allowable(self) -> bool:
        """Whether it could be allowed."""
        return is_allowable(self.origin)


@dataclass(frozen=True, slots=True)
class Facts:
    """What checks of one list look at. `since` is 24 hours ago, `refused` counts by rejection since then."""

    now: int
    settings: ListSettings
    last_event_at: int | None
    sendings: Sequence[Sending]
    senders: Sequence[SenderDay]
    listless: Sequence[SenderDay]
    refusals: Sequence[tuple[Rejection, int]]

    @property
    def since(self) -> int:
        return self.now - DAY_MS


def gathered(
    services: Services, found: List, settings: ListSettings, now: int, deadline: float | None
) -> Facts:
    """Read what there is to check of a list. Raises StorageUnavailable."""
    hidden_id, since = services.stores.lists.hidden_id(found.user_id, deadline), now - DAY_MS

    def read(transaction: Transaction) -> tuple[Any, ...]:
        hours = rejections.hours_of(transaction, found.id, since)
        kept = rejections.of_list(transaction, found.id, since)
        return (
            latest_sendings(transaction, found.id, LOOKED_AT),
            rejections.senders_of(transaction, found.id, since),
            [row for row in rejections.senders_of(transaction, hidden_id, since) if row.kind == LISTLESS],
            [(each, sum(hours.get(each.id, {}).values())) for each in kept],
        )

    last_event_at = services.reports.last_event_at(found.id, deadline)
    return Facts(now, settings, last_event_at, *services.storage.read(read, deadline))


def origins(facts: Facts) -> list[OriginUse]:
    """Return the origins whose pages sent in the last 24 hours: those that are refused first, of them the list's likely own."""
    seen: dict[str, int] = defaultdict(int)
    refused: dict[str, int] = defaultdict(int)
    last: dict[str, int] = defaultdict(int)
    for row in facts.senders:
        if row.kind == ORIGIN and row.name and row.last_at >= facts.since:
            seen[row.name] += row.total
            last[row.name] = max(last[row.name], row.last_at)
    for each, count in facts.refusals:
        kind, _, origin = each.sender.partition(" ")
        if each.reason == FORBIDDEN and kind == ORIGIN:
            refused[origin] += count
            last[origin] = max(last[origin], each.last_at)
    allowed = facts.settings.allowed_origins
    found = [
        OriginUse(origin, not allowed or origin in allowed, seen[origin], refused[origin], last[origin])
        for origin in last
    ]

    def order(each: OriginUse) -> tuple[Any, ...]:
        is_own = bool(each.seen) or is_near(each.origin, allowed)
        return each.is_allowed, not is_own, not each.is_allowable, -each.refused, -each.seen, each.origin

    return sorted((each for each in found if each.origin), key=order)


def is_any_origin_refused(services: Services, list_id: int, now: int, deadline: float | None) -> bool:
    """Whether pages of an origin that may not send now tried to in the last 24 hours."""
    allowed = services.stores.list_settings.of(list_id, deadline).allowed_origins
    if not allowed:
        return False
    kept = services.storage.read(
        lambda transaction: rejections.of_list(transaction, list_id, now - DAY_MS), deadline
    )
    senders = {each.sender for each in kept if each.reason == FORBIDDEN and each.sender.startswith(ORIGIN)}
    return bool(senders - {f"{ORIGIN} {origin}" for origin in allowed})


def checks(facts: Facts, script_version: str) -> list[Check]:
    """Return every check but the probe of the public address."""
    browsers = [each for each in facts.sendings if b'"$lib_version"' in each.properties]
    return [
        _events(facts),
        _origins(facts),
        _script(browsers, script_version),
        _signals(facts),
        _clock(facts),
        _robots(facts),
        _keys(facts),
        _without_list(facts),
        _refused(facts),
    ]


def public_address(services: Services, found: List, settings: ListSettings) -> Check:
    """Send a test event through the public address."""
    own = services.settings
    address = f"{own.public_url}{own.collect_path}/{found.tracker_id}"
    origin = settings.allowed_origins[0] if settings.allowed_origins else own.public_url
    return _probed(own.public_url, probe(services.storage, address, origin))


def worst(found: Iterable[Check]) -> str:
    """Return the state of the whole."""
    states = {each.state for each in found}
    return next((state for state in _WORST if state in states), UNKNOWN)


def shown(found: Iterable[Check]) -> list[dict[str, Any]]:
    """Return checks as answers have them."""
    return [
        {"Check": each.name, "State": each.state, "Detail": each.detail, "Fix": each.fix} for each in found
    ]


def _events(facts: Facts) -> Check:
    at = facts.last_event_at
    if at is None:
        fix = "Put the snippet into a page, or send an event with a key"
        return Check("Events", UNKNOWN, "No event has come yet", fix)
    if at < facts.since:
        return Check(
            "Events", WARN, f"No event for a day: the last one came {iso_utc(at)}", "See what is refused"
        )
    return Check("Events", OK, f"The last event came {iso_utc(at)}")


def _origins(facts: Facts) -> Check:
    found = origins(facts)
    refused = [each for each in found if not each.is_allowed]
    if refused:
        first = refused[0]
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        count = f"{first.refused:,} {'time' if first.refused == 1 else 'times'} in 24 hours"
        detail = f"{first.origin} is refused: it may not send events, and tried {count}{more}"
        return Check("Origins", BAD, detail, _fix_of(first, facts.settings.allowed_origins))
    if not found:
        return Check("Origins", UNKNOWN, "No page has sent an event in 24 hours")
    names = ", ".join(f"{each.origin} ({each.seen:,})" for each in found[:5])
    return Check("Origins", OK, f"Events of the last 24 hours by page: {names}")


def _fix_of(use: OriginUse, allowed: Sequence[str]) -> str:
    """Return what to do about a refused origin. Whether it is theirs only the reader knows: anybody can name any origin."""
    if use.origin == NO_ORIGIN:
        return (
            "Pages in a frame with sandbox, or in a file, have no origin, and cannot be allowed: give the frame "
            "allow-same-origin, or send from the page around it"
        )
    if not use.is_allowable:
        return "It is no origin of a website and cannot be allowed: no browser sends it for a page of yours"
    if use.seen or is_near(use.origin, allowed):
        return f"Add {use.origin} to AllowedOrigins if it is yours, or take the snippet off its pages"
    return (
        f"If the pages of {use.origin} are yours, add it to AllowedOrigins. If you do not know it, leave it refused: "
        "anybody can send calls in the name of any page"
    )


def _script(browsers: Sequence[Sending], current: str) -> Check:
    if not browsers:
        return Check("Script", UNKNOWN, "None of the last events came by the script")
    last = browsers[0]
    version = str(decoded_properties(last.properties).get("$lib_version"))[:20]
    detail = f"Release {version} sent the last event of a page, {iso_utc(last.received_at)}"
    if version != current:
        fix = f"Put the present snippet into the pages: its release is {current}"
        return Check("Script", WARN, detail, fix)
    return Check("Script", OK, detail)


def _signals(facts: Facts) -> Check:
    total, asking = (sum(row.total for row in facts.senders if row.kind == kind) for kind in (ORIGIN, SIGNAL))
    if not total:
        return Check("PrivacySignals", UNKNOWN, "No page has sent an event in 24 hours")
    what = "not stored" if facts.settings.is_privacy_signal_honoured else "stored"
    detail = f"{asking / total:.0%} of browsers' events came with a wish not to be tracked, and were {what}"
    return Check("PrivacySignals", OK, detail)


def _clock(facts: Facts) -> Check:
    timed = [each for each in facts.sendings if each.sent_at is not None]
    if not timed:
        return Check("Clock", UNKNOWN, "None of the last events says when it was sent")
    wrong = [each for each in timed if abs((each.sent_at or 0) - each.received_at) > SKEW_MS]
    share = len(wrong) / len(timed)
    detail = (
        f"{share:.0%} of the last {len(timed)} events came by a clock that is wrong by more than a minute"
    )
    if share >= MANY:
        return Check("Clock", WARN, detail, "Set the clocks of the senders, and this machine's, by NTP")
    return Check("Clock", OK, detail)


def _robots(facts: Facts) -> Check:
    if not facts.sendings:
        return Check("Robots", UNKNOWN, "No event has come yet")
    share = sum(each.is_bot for each in facts.sendings) / len(facts.sendings)
    detail = f"{share:.0%} of the last {len(facts.sendings)} events are robots', and not counted"
    if share >= MANY:
        return Check(
            "Robots", WARN, detail, "Look in Live who sends them; a back end sends better with a key"
        )
    return Check("Robots", OK, detail)


def _keys(facts: Facts) -> Check:
    keys = {row.name: row.last_at for row in reversed(facts.senders) if row.kind == KEY}
    if not keys:
        return Check("Keys", UNKNOWN, "No back end has sent an event in 24 hours")
    names = ", ".join(f"key {name or 'none'} ({iso_utc(at)})" for name, at in list(keys.items())[:5])
    return Check("Keys", OK, f"Back ends that sent in 24 hours, with their last event: {names}")


def _without_list(facts: Facts) -> Check:
    count = sum(row.total for row in facts.listless if row.last_at >= facts.since)
    if not count:
        return Check("WithoutList", OK, "Every event of the last 24 hours named a list")
    names = ", ".join(sorted({row.name for row in facts.listless if row.name}))
    detail = f"{count:,} {'event' if count == 1 else 'events'} without a list in 24 hours" + (
        f", by key {names}" if names else ""
    )
    return Check("WithoutList", WARN, detail, "Send ListID with them: no other name is read")


def _refused(facts: Facts) -> Check:
    others = [(each, count) for each, count in facts.refusals if each.reason != FORBIDDEN and count]
    if not others:
        return Check("Refused", OK, "No event was refused for what is in it in 24 hours")
    count = sum(count for _, count in others)
    detail = f"{count:,} {'event was' if count == 1 else 'events were'} refused, or not stored as meant, in 24 hours"
    return Check("Refused", WARN, detail, "Look at what was refused and why (rejections.get)")


def _probed(address: str, probed: Probed) -> Check:
    if probed.fault is None:
        detail = f"A test event went through {address} and a write was read back in {probed.ms} ms"
        return Check("PublicAddress", OK, detail)
    fix = "Set TRACKER_PUBLIC_URL to where browsers reach Tracker, and have the proxy there pass requests as they are"
    return Check("PublicAddress", BAD, f"A test event to {address} failed: {probed.fault}", fix)


def all_checks(
    services: Services, found: List, facts: Facts, script_version: str, is_probed: bool
) -> list[Check]:
    """Return every check, the probe of the public address only where asked for."""
    last = [public_address(services, found, facts.settings)] if is_probed else []
    return [*checks(facts, script_version), *last]
