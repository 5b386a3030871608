"""How do tests ask an adapter by itself what a request becomes, and what it answers?"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.sdks.golden_rows import listed_of
from tracker.errors import CommandError
from tracker.sdks import Outcomes, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.adapter_table import parts_of

NOW = 1_795_780_000_000
OF_THE_DAY = "550e8400-e29b-41d4-a716-446655440000"
REFUSED = SdkRefusal(400, 17, "no such event")


class AdapterCalls:
    """The adapter of a family, and requests for it at a fixed time."""

    def __init__(self, family: str) -> None:
        self.adapter = listed_of(family).adapter

    def request(
        self, path: str, body: Any = b"", query: dict[str, str] | None = None, **headers: str
    ) -> SdkRequest:
        """A request with JSON, or with bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = "/".join(parts_of(path))
        made = SdkRequest("POST", path, {}, urlencode(query or {}), named, raw, NOW, "192.0.2.7")
        made.visitor_of_day = lambda _address, _agent: OF_THE_DAY
        return made

    def items(self, *args: Any, **options: Any) -> list[Any]:
        """What each thing of a request becomes: events, or the text of the error."""
        found = self.adapter.events(self.request(*args, **options))
        return [str(item) if isinstance(item, CommandError) else list(item) for item in found]

    def event(self, *args: Any, **options: Any) -> dict[str, Any]:
        """The first event of the only thing in a request."""
        [item] = self.items(*args, **options)
        found: dict[str, Any] = item[0]
        return found

    def answer(self, outcomes: Outcomes, *args: Any, **options: Any) -> SdkReply:
        return self.adapter.answer(self.request(*args, **options), outcomes)

    def refused(self, status: int, **headers: Any) -> SdkReply:
        return self.adapter.refused(self.request("/", **headers), SdkRefusal(status, 1, "why"))
