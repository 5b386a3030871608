"""Outgoing requests: the one way in which Tracker calls others, with checked targets, signed and bounded."""

from __future__ import annotations

from tracker.outgoing.posting import ANSWER_BYTES, POST_SECONDS, Poster, PostResult, system_context
from tracker.outgoing.signature import new_secret, shown_secret, signed_headers
from tracker.outgoing.targets import AllowedTargets, CheckedURL, TargetRefused, target_of

__all__ = [
    "ANSWER_BYTES",
    "POST_SECONDS",
    "AllowedTargets",
    "CheckedURL",
    "PostResult",
    "Poster",
    "TargetRefused",
    "new_secret",
    "shown_secret",
    "signed_headers",
    "system_context",
    "target_of",
]
