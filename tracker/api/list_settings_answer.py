"""List settings: the wire form of a list's settings, and the checks of their values."""

from __future__ import annotations

import re
from typing import Any

from tracker.domain.url_scrubbing import DEFAULT_HIDDEN
from tracker.storage.accounts import MAX_ORIGINS_BYTES, MAX_PARAMETERS_BYTES, ListSettings
from tracker.times import iso_utc

#: The longest retention: an event cannot be older than ten years when it arrives.
MAX_DAYS = 3653
_PARAMETER = re.compile(r"\*?[\w.$:-]{1,64}", re.ASCII)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)


def settings_answer(settings: ListSettings) -> dict[str, Any]:
    """Return the settings of a list as `list.get` and `list.update` answer them."""
    events_from, parameters = settings.events_from, settings.hidden_parameters
    return {
        "RetentionDays": settings.retention_days or 0,
        "EventsFrom": None if events_from is None else iso_utc(events_from),
        "HonourPrivacySignal": settings.is_privacy_signal_honoured,
        "AllowedOrigins": list(settings.allowed_origins),
        "KeepAddress": settings.is_address_kept,
        "ConversionsNeedKey": settings.is_key_needed_for_conversions,
        "HiddenQueryParameters": list(DEFAULT_HIDDEN if parameters is None else parameters),
    }


def as_browsers_spell(origin: str) -> str:
    """Return an origin in lower case and without its scheme's default port, as browsers send it."""
    origin = origin.lower()
    for scheme, port in (("https://", ":443"), ("http://", ":80")):
        if origin.startswith(scheme):
            return origin.removesuffix(port)
    return origin


def fault_of_origins(value: Any) -> str | None:
    """Return why this is no array of origins, or None."""
    return _fault(value, _ORIGIN, MAX_ORIGINS_BYTES, "an array of origins such as 'https://shop.example'")


def fault_of_parameters(value: Any) -> str | None:
    """Return why this is no array of names of query parameters, or None."""
    expected = "an array of names such as 'token'; a name may begin with *"
    return _fault(value, _PARAMETER, MAX_PARAMETERS_BYTES, expected)


def _fault(value: Any, spelling: re.Pattern[str], max_bytes: int, expected: str) -> str | None:
    if not isinstance(value, list) or not all(
        isinstance(each, str) and spelling.fullmatch(each) for each in value
    ):
        return expected
    if len("\n".join(value)) > max_bytes:
        return f"they take more than {max_bytes} bytes"
    return None


def parameters_to_keep(names: list[str]) -> tuple[str, ...] | None:
    """Return the names to store, or None for the default ones, to which later versions may add."""
    return None if tuple(names) == DEFAULT_HIDDEN else tuple(names)
