"""Explanations: sentences that tell why a visitor, or an event, belongs to a subscriber."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: A piece of a sentence: `{"text": …}`, `{"name": …}` for a name from a client, or `{"time": …}`, which scripts show in the
#: reader's zone.
Piece = dict[str, str]

#: The identifiers by which an event names its person.
NAMED_BY = {
    "email": "their email address",
    "id": "their ID",
    "hash_as_held": "the SHA-256 of their address as their ID",
    "hash_lower_case": "the SHA-256 of their address in small letters as their ID",
    "hash_provider": "the SHA-256 of their address, as its provider spells it, as their ID",
    "email_or_id": "their email address or ID",
}

#: The end of a sentence about an identity that came from a browser.
TOLD_IN_PUBLIC = ". It came from a browser, and has not been confirmed with a key."


def why_linked(link: Mapping[str, Any]) -> list[Piece]:
    """Return the sentence about a link of `subscriber.explain`."""
    return list(_why_linked("It", link))


def why_theirs(why: Mapping[str, Any]) -> list[Piece]:
    """Return the sentence about the `Event` of `subscriber.explain`."""
    if why["Reason"] == "named":
        return [{"text": f"It was sent with {_named(why['NamedBy'])}."}]
    return list(_why_linked("Its visitor", why["Link"]))


def _why_linked(visitor: str, link: Mapping[str, Any]) -> Iterator[Piece]:
    if link["Reason"] == "own":
        yield {
            "text": f"Tracker made {visitor.lower()} for events that come with their ID and from no browser, first on "
        }
    elif link["Event"] is None:
        yield {"text": f"{visitor} sent an event that named them and has been deleted, on "}
    else:
        yield {"text": f"{visitor} sent "}
        yield {"name": link["Event"]}
        yield {"text": f" with {_named(link['NamedBy'])} on "}
    yield {"time": link["LinkedAt"]}
    if link["UnlinkedAt"] is not None:
        yield {"text": ". It was unlinked on "}
        yield {"time": link["UnlinkedAt"]}
    elif not link["IsCurrent"]:
        yield {"text": ". Another person has used it since"}
    yield {"text": TOLD_IN_PUBLIC if link["By"] == "public" else "."}


def _named(by: list[str]) -> str:
    return " and ".join(NAMED_BY.get(each, each) for each in by) or NAMED_BY["email_or_id"]
