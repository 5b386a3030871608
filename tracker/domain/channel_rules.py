"""Channel rules: rows of a list's own that say which channel a visit belongs to, before the channel table does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: What a rule may look at. An address says more than a referrer, so `domain` counts only where the address says nothing.
CLICK_ID, SOURCE, MEDIUM, DOMAIN = KINDS = ("click_id", "source", "medium", "domain")
#: Rules of a list; characters of a value and of the name of a channel.
MAX_RULES, MAX_RULE_CHARACTERS, MAX_CHANNEL_CHARACTERS = 50, 255, 64


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """One rule. `kind` is one of KINDS; `value` is in small letters, except the name of a click id."""

    kind: str
    value: str
    channel: str


class ChannelRules:
    """The rules of one list, in their order: the first that fits decides."""

    __slots__ = ("_domains", "_of_address", "click_ids", "rows")

    def __init__(self, rows: tuple[ChannelRule, ...] = ()) -> None:
        self.rows = rows
        #: Query parameters that count as click ids of this list.
        self.click_ids = tuple(rule.value for rule in rows if rule.kind == CLICK_ID)
        self._of_address = tuple(rule for rule in rows if rule.kind != DOMAIN)
        self._domains = tuple(rule for rule in rows if rule.kind == DOMAIN)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChannelRules) and self.rows == other.rows

    def __hash__(self) -> int:
        return hash(self.rows)

    def of_address(self, parameters: Mapping[str, str]) -> str:
        """Return the channel for the query parameters of an address, or ""."""
        for rule in self._of_address:
            found = parameters.get(rule.value if rule.kind == CLICK_ID else f"utm_{rule.kind}", "")
            if found and (rule.kind == CLICK_ID or found.lower() == rule.value):
                return rule.channel
        return ""

    def of_host(self, host: str) -> str:
        """Return the channel for a referring host, which may be a subdomain of a rule's domain, or ""."""
        for rule in self._domains:
            if host == rule.value or host.endswith(f".{rule.value}"):
                return rule.channel
        return ""


#: The rules of a list that has none.
NO_RULES = ChannelRules()
