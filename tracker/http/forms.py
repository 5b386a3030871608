"""How do urlencoded and multipart bodies and query strings become parameters? All values stay text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder

from tracker.errors import UNSUPPORTED_MEDIA, CommandError, because
from tracker.http.nesting import nest
from tracker.json_object import MAX_NODES, unreadable

#: More parts than fit into the largest body we read: the decoder's own guard, never the first to act.
_MAX_PARTS = 2_000


def read_urlencoded(body: bytes) -> dict[str, Any]:
    """Parameters of an urlencoded body or a query string; raises CommandError (100000)."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_NODES, separator="&"
        )
    except UnicodeDecodeError:
        raise unreadable("not UTF-8") from None
    except ValueError:
        raise unreadable(f"more than {MAX_NODES} values") from None
    return nest(pairs)


def read_multipart(body: bytes, boundary: str) -> dict[str, Any]:
    """Parameters of a multipart/form-data body; raises CommandError (100000, or 100011 for an uploaded file)."""
    try:
        return nest(list(_fields(_events(body, boundary))))
    except UnicodeDecodeError:
        raise unreadable("not UTF-8") from None
    # The decoder has no exception of its own: broken input surfaces as any of these.
    except (ValueError, AttributeError, TypeError, LookupError, HTTPException):
        raise unreadable("not a valid multipart form") from None


def _events(body: bytes, boundary: str) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary.encode("latin-1"), max_parts=_MAX_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    while not isinstance(event := decoder.next_event(), Epilogue):
        yield event


def _fields(events: Iterator[Event]) -> Iterator[tuple[str, str]]:
    for event in events:
        if isinstance(event, File):
            raise CommandError(because(UNSUPPORTED_MEDIA, "files are not accepted"))
        if isinstance(event, Field):
            _check_charset(event)
            yield _name(event), b"".join(_content(events)).decode()


def _content(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _name(field: Field) -> str:
    if not isinstance(field.name, str):
        raise unreadable("a part of the form has no name")
    return field.name


def _check_charset(field: Field) -> None:
    """A part may say its own charset; text in another one would be stored wrong without notice."""
    charset = parse_options_header(field.headers.get("content-type", ""))[1].get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise CommandError(because(UNSUPPORTED_MEDIA, "only UTF-8 is read"))
