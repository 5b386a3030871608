"""What does a newcomer to the API have to know, whichever command is called? The opening text of the document."""

from __future__ import annotations

from tracker.errors import COMMON

_GUIDE = """\
Every command can be called in two ways, with the same answer:

- at its own path, such as `POST /api/v1/event`, or by its name: `POST /api/v1/event.track`;
- at `POST /api.php`, with its name as the parameter `Command`.

Commands that change nothing take `GET` too, with their parameters in the query.

**Parameters** come as JSON, as a form (`Properties[name]=value` makes an object) or in the query; of a parameter that \
is in both, the body's counts. `null` means that a parameter is absent, as does an empty value in a form or query. \
Parameters that a command does not know are ignored; the header `X-Tracker-Notes` of the answer names them, with the name \
that was perhaps meant. The names here are the canonical ones; \
other letter cases of command and parameter names are understood, and so is a whole number sent as a string of digits.

**Credentials**: `Authorization: Bearer KEY`, then the parameter `APIKey`, then `SessionID` from `user.login`. The first \
that a call carries decides.

**Rate limits** are counted for each user and command, over both ways of calling. Every answer that was counted \
carries `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds since 1970). \
Every answer carries `X-Request-ID`, under which the log has the request: your own, if you send one of 1 to 64 \
letters, digits, `_` and `-`.

**Errors** are always `{"Errors": [{"Code": number, "Message": text}, …]}`, every error found, at most ten. \
A row may have a third key `Hint`, which tells how to mend the call. Codes of a \
command are its own and come with status 422 unless it says otherwise; these are common to all:

"""


def guide() -> str:
    """Markdown, with the table of common errors."""
    rows = sorted(COMMON.values(), key=lambda row: (row.status, row.code))
    lines = [f"| {row.code} | {row.status} | {row.message} |" for row in rows]
    return _GUIDE + "\n".join(["| Code | Status | Meaning |", "|---|---|---|", *lines]) + "\n"
