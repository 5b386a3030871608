"""Command limits: the rate limits that commands declare, and what TRACKER_LIMITS may set instead, checked at start-up."""

from __future__ import annotations

from tracker.rate_limits.rate import RateLimit, parse_overrides
from tracker.registry import PluginError, Registry


def declared_limits(registry: Registry) -> dict[str, RateLimit]:
    """Return the limits by command name; a limit by client address is that of `<name>.address`.

    Raises PluginError for a limit that cannot be read, and for a command that shares a limit which does not exist.
    """
    limits = {}
    for entry in registry:
        owner = registry.find(entry.limited_as)
        if owner is None or owner.limited_as != entry.limited_as:
            raise PluginError(
                f"{entry.origin}: {entry.command.name}: '{entry.limited_as}' has no limit to share"
            )
        try:
            limits[entry.command.name] = RateLimit.parse(entry.command.rate_limit)
            if entry.command.address_limit is not None:
                limits[f"{entry.command.name}.address"] = RateLimit.parse(entry.command.address_limit)
        except ValueError as failure:
            raise PluginError(f"{entry.origin}: {entry.command.name}: {failure}") from None
    return limits


def overridden_limits(registry: Registry, text: str) -> dict[str, RateLimit]:
    """Read TRACKER_LIMITS. Returns its limits by command name.

    Raises ValueError with one line for a text that cannot be read, a name that no command has, and a command that counts
    against another one's limit.
    """
    overrides = parse_overrides(text)
    for name in sorted(overrides.keys() - declared_limits(registry).keys()):
        raise ValueError(f"TRACKER_LIMITS: there is no command '{name}'")
    for name in overrides:
        entry = registry.find(name)
        if entry is not None and entry.limited_as != entry.command.name:
            raise ValueError(
                f"TRACKER_LIMITS: {name} counts against the limit of {entry.limited_as}: set that"
            )
    return overrides
