"""Permissions of keys: each with its meaning in words and the commands that ask for it."""

from __future__ import annotations

from typing import NamedTuple

from tracker.registry import Registry

#: Meanings, the most wanted first. A permission that is not here is a plugin's.
MEANINGS = {
    "Subscribers.Get": "See people, their events, and which events and properties exist",
    "Reports.Get": "See numbers, and no people",
    "Shares.Update": "Give out links, mails and alerts that show numbers, and end them",
    "Annotations.Update": "Write notes on days, as a deployment does",
    "Subscribers.Import": "Add people",
    "Subscriber.Update": "Change people, and take visitors back from them",
    "Subscribers.Delete": "Delete and forget people",
    "Lists.Get": "See which lists there are",
    "List.Get": "See a list with its snippet and settings",
    "List.Create": "Make lists",
    "List.Update": "Rename lists and change their settings",
    "Trigger.Update": "Make triggers, which send events with people's addresses to other programs",
    "WebsiteEvents.Delete": "Take names of events and properties out of the catalogue",
    "Events.Delete": "Delete events of a name, for good",
    "List.Delete": "Delete a list with everything in it, for good",
    "CustomFields.Get": "See custom fields",
    "CustomField.Create": "Make custom fields",
    "CustomFields.Delete": "Delete custom fields",
    "APIKeys.Get": "See which keys there are",
    "APIKey.Create": "Make keys that can do no more than this one",
    "APIKey.Revoke": "Revoke keys",
    "Audit.Get": "Read the audit log",
}


class Offered(NamedTuple):
    """A permission with its meaning and the commands that ask for it."""

    name: str
    meaning: str
    commands: str


def offered(registry: Registry) -> list[Offered]:
    """Return every permission that a command asks for; those of plugins come last."""
    commands: dict[str, list[str]] = {}
    for entry in registry:
        if isinstance(entry.command.permission, str):
            commands.setdefault(entry.command.permission, []).append(entry.command.name)
    known = [name for name in MEANINGS if name in commands]
    others = sorted(commands.keys() - MEANINGS.keys())
    return [
        Offered(name, MEANINGS.get(name, "Call these commands of a plugin"), ", ".join(commands[name]))
        for name in known + others
    ]
