"""Placeholder detection: texts that a program or a mail sends in place of an ID that it does not have.

Used as an ID, such a text would merge all people, or all orders, for which it is sent.
"""

from __future__ import annotations

import hashlib
import re

#: Texts that broken integrations send instead of an ID, in any letter case and quoting: all that PostHog and Mixpanel
#: refuse, and what Objective-C and Google Analytics print.
PLACEHOLDERS = frozenset((
    "undefined", "null", "none", "nil", "nan", "0", "-1", "true", "false", "[object object]", "anonymous", "anon", "guest",
    "id", "distinct_id", "distinctid", "not_authenticated", "email", "unknown", "n/a", "na", "user_id", "userid", "<nil>",
    "[]", "{}", "00000000-0000-0000-0000-000000000000", "lmy47d", "(null)", "<null>", "(not set)", "(none)",
))  # fmt: skip
#: Merge tags that were not filled in, as mail programs and template languages write them: {{id}} and {%id%} (Liquid,
#: Handlebars, Jinja), *|ID|* (Mailchimp), %%ID%% (Salesforce), [[ID]], ${id}, #{id}, <%= id %>, {$id} and {id}, %Subscriber:ID%.
_MERGE_TAGS = re.compile(
    r"\{\{.*\}\} | \{%.*%\} | \*\|.*\|\* | %%.*%% | \[\[.*\]\] | [$#]\{.*\} | <%.*%>"
    r" | \A\{ \$? [a-z_ ] [a-z_. -]* \}\Z | \A% [a-z_] [a-z_:. ]* %\Z",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def is_placeholder(text: str) -> bool:
    """Return whether this trimmed text is a placeholder, a merge tag, or the SHA-256 of a placeholder or of nothing."""
    folded = text.strip("\"'").lower()
    return folded in PLACEHOLDERS or folded in _HASHES_OF_NOTHING or bool(_MERGE_TAGS.search(text))


def _spellings() -> list[str]:
    """Return "" and the placeholders in the letter cases, and with the line ends, that programs hash by mistake."""
    words = {
        "",
        " ",
        *PLACEHOLDERS,
        *(word.upper() for word in PLACEHOLDERS),
        *map(str.title, PLACEHOLDERS),
        "NaN",
        "[object Object]",
    }
    return [word + end for word in words for end in ("", "\n", "\r\n")]


_HASHES_OF_NOTHING = frozenset(hashlib.sha256(text.encode()).hexdigest() for text in _spellings())
