"""Streamed pages: forward a command's stream to the browser, with events in the words of the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from tracker.http.command_endpoint import body_of
from tracker.http.message.responses import reply
from tracker.registry import Stream

_DATA = b"data: "
_TRACKED = b"event: tracked"


def sent_on(stream: Stream, headers: dict[str, str] | None = None) -> Response:
    """Return a response that forwards the stream as it is."""
    sent = reply(200, stream, headers)
    return Response(body_of(sent, request.environ), 200, sent.headers, direct_passthrough=True)


def events_sent_on(stream: Stream, words: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
    """Return a response that forwards server-sent events, with the data of `tracked` ones as `words` returns it."""
    response = sent_on(stream)
    response.response = _Worded(response.response, words)
    return response


class _Worded:
    """A response body that rewrites `tracked` events, and is closed with the body it reads."""

    def __init__(self, pieces: Any, words: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._pieces: Iterable[bytes] = pieces
        self._words = words

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield piece if _TRACKED not in piece else b"\n".join(self._lines(piece))

    def _lines(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines of a piece. Data is one line, and only that of `tracked` events is rewritten."""
        is_tracked = False
        for line in piece.split(b"\n"):
            if is_tracked and line.startswith(_DATA):
                worded = self._words(json.loads(line[len(_DATA) :]))
                yield _DATA + json.dumps(worded, ensure_ascii=False).encode()
            else:
                yield line
            is_tracked = line == _TRACKED

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
