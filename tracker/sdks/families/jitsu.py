"""Jitsu: Segment's messages, one a request, with the key in a header of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tracker.sdks.adapter import Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.families.segment import Segment


class Jitsu(Segment):
    """Jitsu's event API. Its clients demand a key with a colon, and mask what follows it in the body."""

    family = "jitsu"
    title = "Jitsu"
    routes: ClassVar[Mapping[str, str]] = {"POST /api/s/{call}": "events", "POST /api/s/s2s/{call}": "events"}

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of(request.headers.get("x-write-key"))

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(200, {"ok": True})
