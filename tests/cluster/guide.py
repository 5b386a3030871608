"""What does the guide tell an operator to type? The shell lines of docs/cluster.md, by the drill they belong to."""

from __future__ import annotations

import re
import shlex

from tests.conventions.pages import FENCE, command_lines
from tests.served import ROOT

PAGE = ROOT / "docs/cluster.md"
_SOCKET = re.compile(r'echo "(.*)" \| sudo socat - /run/haproxy/admin\.sock')


def lines(drill: str) -> list[str]:
    """The lines below the bold words that a drill begins with, or below a heading. Raises AssertionError if there are none."""
    _, found, after = PAGE.read_text().partition(f"\n{drill}")
    assert found, f"the guide has no {drill}"
    mine = re.split(r"^(?:\*\*[A-Z]|#)", after, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = [text for language, text in FENCE.findall(mine) if language == "sh"]
    return [line for text in blocks for line in command_lines(text)]


def proxy_orders(drill: str) -> list[str]:
    """What is said to HAProxy at its socket."""
    return [_SOCKET.fullmatch(line)[1] for line in lines(drill) if _SOCKET.fullmatch(line)]  # type: ignore[index]


def redis_orders(drill: str) -> list[list[str]]:
    """What is said to a Redis with `redis-cli -h HOST`: the host, and the words."""
    words = [shlex.split(line) for line in lines(drill) if line.startswith("redis-cli")]
    return [said[2:] for said in words]
