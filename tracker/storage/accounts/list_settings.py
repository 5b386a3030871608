"""List settings: allowed origins, privacy and retention of each list, with a TTL cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from tracker.domain.channel_rules import NO_RULES, ChannelRule, ChannelRules
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.engine.ttl_cache import TtlCache

#: Bytes of all allowed origins together, and of all hidden parameters.
MAX_ORIGINS_BYTES = MAX_PARAMETERS_BYTES = 4000
#: The zone of a list that has set none, and the minutes without an event after which a visit is over.
DEFAULT_TIMEZONE, DEFAULT_VISIT_GAP = "UTC", 30


@dataclass(frozen=True, slots=True)
class ListSettings:
    """The settings of one list; a list that was never set has these defaults.

    `allowed_origins`: pages that may send events, such as `https://shop.example`; none: all may.
    `is_privacy_signal_honoured`: nothing is stored of a browser that sends Sec-GPC or DNT. `is_address_kept`: the
    client's address is stored, truncated. `retention_days`: events older than that are deleted; None: never.
    `events_from`: the UTC milliseconds before which events have been deleted; None: none have.
    `is_key_needed_for_conversions`: conversions that come without a key are stored, and not counted.
    `hidden_parameters`: the query parameters that are removed from pages' URLs; None: the default ones.
    `timezone`: the IANA name of the zone in which the list's days begin. `currency`: the ISO 4217 code of the list's main
    currency; empty: none. `visit_gap_minutes`: a longer pause between two events begins another visit. `products`: the names
    of the events and properties that tell of a shop's products, in the order of `product_names.PRODUCT_PARTS`; none: not said.
    `is_refused_value_kept`: the inbox of refused events keeps their values, not only their names.
    `own_networks`: where the list's own people are: browsers' events from there are left out of reports.
    """

    allowed_origins: tuple[str, ...] = ()
    is_privacy_signal_honoured: bool = False
    is_address_kept: bool = False
    retention_days: int | None = None
    events_from: int | None = None
    is_key_needed_for_conversions: bool = False
    hidden_parameters: tuple[str, ...] | None = None
    timezone: str = DEFAULT_TIMEZONE
    currency: str = ""
    visit_gap_minutes: int = DEFAULT_VISIT_GAP
    channel_rules: ChannelRules = NO_RULES
    products: tuple[str, ...] = ()
    is_refused_value_kept: bool = False
    own_networks: tuple[str, ...] = ()


NAMES = tuple(field.name for field in fields(ListSettings))
_SELECT = f"SELECT {', '.join(NAMES)} FROM list_settings WHERE list_id = ?"
_UPDATE = f"UPDATE list_settings SET {', '.join(f'{name} = ?' for name in NAMES)} WHERE list_id = ?"


class ListSettingsStore:
    """Reads and changes the settings of lists. The caller has checked who owns the list (`lists.owned`)."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._recent: TtlCache[int, ListSettings] = TtlCache(clock=clock)

    def of(self, list_id: int, deadline: float | None = None) -> ListSettings:
        """Return the settings of a list; may be up to 5 s old."""
        found = self._recent.look_up(list_id, lambda: self._database.read(_reader(list_id), deadline))
        return found or ListSettings()

    def change(self, list_id: int, deadline: float | None = None, **changes: Any) -> ListSettings:
        """Set the named fields and return all settings. Raises ValueError if the origins exceed MAX_ORIGINS_BYTES."""
        changed: ListSettings = self._database.write(
            lambda transaction: write_settings(transaction, list_id, **changes), deadline, list_id
        )
        self._recent.forget(list_id)
        return changed


def read_settings(transaction: Transaction, list_id: int) -> ListSettings:
    rows = transaction.select(_SELECT, (list_id,))
    return _settings(rows[0]) if rows else ListSettings()


def write_settings(transaction: Transaction, list_id: int, **changes: Any) -> ListSettings:
    """Set the named fields in the caller's transaction, and return all settings."""
    settings = replace(read_settings(transaction, list_id), **changes)
    row = _row(settings)
    if not transaction.select("SELECT 1 FROM list_settings WHERE list_id = ?", (list_id,)):
        transaction.insert("list_settings", ("list_id", *NAMES), [(list_id, *row)])
    else:
        transaction.execute(_UPDATE, (*row, list_id))
    return settings


def _reader(list_id: int) -> Callable[[Transaction], ListSettings]:
    return lambda transaction: read_settings(transaction, list_id)


def _row(settings: ListSettings) -> Row:
    """Return the settings as a row. Origins, parameters, rules and names are printable text, so they are stored one a line."""
    origins = "\n".join(settings.allowed_origins).encode()
    if len(origins) > MAX_ORIGINS_BYTES:
        raise ValueError(f"the allowed origins take more than {MAX_ORIGINS_BYTES} bytes")
    parameters = settings.hidden_parameters
    return (
        origins,
        int(settings.is_privacy_signal_honoured),
        int(settings.is_address_kept),
        settings.retention_days,
        settings.events_from,
        int(settings.is_key_needed_for_conversions),
        None if parameters is None else "\n".join(parameters).encode(),
        settings.timezone.encode(),
        settings.currency.encode(),
        settings.visit_gap_minutes,
        "\n".join("\t".join(astuple(rule)) for rule in settings.channel_rules.rows).encode() or None,
        "\n".join(settings.products).encode() or None,
        int(settings.is_refused_value_kept),
        "\n".join(settings.own_networks).encode() or None,
    )


def _settings(row: Row) -> ListSettings:
    origins, is_signal_honoured, is_address_kept, retention_days, events_from, is_key_needed, parameters = (
        row[:7]
    )
    timezone, currency, visit_gap, rules, products, is_refused_value_kept, own_networks = row[7:]
    return ListSettings(
        _lines(origins),
        bool(is_signal_honoured),
        bool(is_address_kept),
        retention_days,
        events_from,
        bool(is_key_needed),
        None if parameters is None else _lines(parameters),
        _text(timezone) or DEFAULT_TIMEZONE,
        _text(currency),
        visit_gap,
        ChannelRules(tuple(ChannelRule(*line.split("\t")) for line in _lines(rules))) if rules else NO_RULES,
        _lines(products),
        bool(is_refused_value_kept),
        _lines(own_networks),
    )


def _text(stored: Any) -> str:
    return bytes(stored).decode() if stored else ""


def _lines(stored: Any) -> tuple[str, ...]:
    return tuple(bytes(stored).decode().split("\n")) if stored else ()
