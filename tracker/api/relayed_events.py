"""Relayed events: what a program that hands on the events of browsers says of each, and what follows from it."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from tracker import Command, CommandError, invalid
from tracker.api.event_params import EVENT_ERRORS, EventParams
from tracker.api.event_request import EventRequest, list_access
from tracker.api.truncation import cleaned, overlong
from tracker.domain.enrichment import enrich
from tracker.domain.event import Event
from tracker.domain.url_scrubbing import hidden, scrubbed_within
from tracker.fields import Text
from tracker.formats.client_ip import is_in_networks, truncated
from tracker.storage.accounts import List, ListSettings

INVALID_USER_AGENT = invalid("UserAgent", 23)
INVALID_ADDRESS = invalid("IPAddress", 24)
INVALID_TRACKER_ID = invalid(
    "EventListTrackerID",
    25,
    hint="list.get answers with the public id of a list of yours; with ListID too, both name the same list",
)
#: The description of UserAgent.
AGENT = "The user agent of the browser that the event comes from; empty: it is not known"


class VisitorAddress(Text):
    """An IP address of either version."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, *args, **kwargs)
        if truncated(address) is None:
            raise ValidationError([INVALID_ADDRESS])
        return address


class RelayedParams(EventParams):
    """The parameters of an event of a batch: those of `event.track`, and what is known of the browser that it comes from."""

    UserAgent = Text(metadata={"description": AGENT})
    IPAddress = VisitorAddress(metadata={"description": "The address of that browser"})


RELAYED_ERRORS = (*EVENT_ERRORS, INVALID_USER_AGENT, INVALID_ADDRESS)


def relayed(
    event: Event, agent: str | None, address: str | None, settings: ListSettings, is_sdk: bool
) -> Event:
    """Add to an event what follows from its page's address, and from the user agent and address of the browser it comes from.

    `is_sdk`: another tracker's SDK wrote its properties.
    """
    sent, names = event.properties, hidden(settings.hidden_parameters)
    cut = overlong(sent)
    event.properties = cleaned(sent, names, cut, is_sdk)
    if is_sdk:
        event.identify_properties = scrubbed_within(event.identify_properties, names)
    kept = truncated(address) if address and settings.is_address_kept else None
    is_own = address is not None and is_in_networks(address, settings.own_networks)
    return enrich(event, agent or None, kept, cut, rules=settings.channel_rules, is_own=is_own)


class FromRelay(EventRequest):
    """Makes events with a credential. One that says what browser it comes from is enriched as one of the collect endpoint."""

    def __init__(self, command: Command) -> None:
        super().__init__(*list_access(command), command.now, command.is_form)
        self._command = command
        self._settings: dict[int, ListSettings] = {}

    def named_list(self, tracker_id: str, list_id: int | None) -> List:
        """Return the caller's list with this public id, which is that of `list_id`. Raises CommandError (25)."""
        command = self._command
        found = command.services.stores.lists.public(tracker_id, command.deadline)
        if found is None or found.user_id != command.user_id or list_id not in (None, found.id):
            raise CommandError(INVALID_TRACKER_ID)
        return found

    def event(self, params: dict[str, Any]) -> Event:
        is_sdk = self._command.caller.sender.is_sdk
        if "UserAgent" not in params and "IPAddress" not in params and not is_sdk:
            return super().event(params)
        event = super().event(params)
        settings = self._settings_of(event.list_id)
        return relayed(event, params.get("UserAgent"), params.get("IPAddress"), settings, is_sdk)

    def _settings_of(self, list_id: int) -> ListSettings:
        """Return the settings of a list, looked up once a request."""
        if list_id not in self._settings:
            command = self._command
            found = command.services.stores.list_settings.of(list_id, command.deadline)
            self._settings[list_id] = found
        return self._settings[list_id]

    def is_test(self, event: Event) -> bool:
        return not self._command.caller.sender.is_sdk and super().is_test(event)
