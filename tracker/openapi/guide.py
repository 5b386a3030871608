"""API guide: the opening text of the OpenAPI document, about what all commands share."""

from __future__ import annotations

from tracker.errors import COMMON

_GUIDE = """\
Every command can be called in two ways, with the same answer:

- at its own path, such as `POST /api/v1/event`, or by its name: `POST /api/v1/event.track`;
- at `POST /api.php`, with its name as the parameter `Command`.

Commands that change nothing also accept `GET`, with their parameters in the query.

**Parameters** are sent as JSON, as a form (`Properties[name]=value` makes an object) or in the query; if a parameter \
is in both, the body's value counts. `null` means that a parameter is absent, as does an empty value in a form or query. \
Unknown parameters are ignored; the header `X-Tracker-Notes` of the answer names them, with the name that was perhaps meant. \
The names here are the canonical ones; other letter cases of command and parameter names \
are accepted, and so is a whole number sent as a string of digits.

**Credentials**: the header `Authorization: Bearer KEY`, the parameter `APIKey`, or `SessionID` from `user.login`. The \
first of these that a call carries is used.

**Rate limits** are counted per user and command, over both ways of calling. Every counted answer \
carries `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds since 1970). \
Every answer carries `X-Request-ID`, which identifies the request in the log: your own, if you send one of 1 to 64 \
letters, digits, `_` and `-`.

**Errors** are always `{"Errors": [{"Code": number, "Message": text}, …]}` with all errors found, at most ten. \
A row may have a third key `Hint`, which tells how to mend the call. Each \
command has codes of its own, with status 422 unless stated otherwise; these are common to all:

"""


def guide() -> str:
    """Return the guide as Markdown, with the table of common errors."""
    rows = sorted(COMMON.values(), key=lambda row: (row.status, row.code))
    lines = [f"| {row.code} | {row.status} | {row.message} |" for row in rows]
    return _GUIDE + "\n".join(["| Code | Status | Meaning |", "|---|---|---|", *lines]) + "\n"
