"""Answer cache: the latest answers from a copy, given again as long as nothing in the copy has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import orjson

#: Kinds of questions whose answers are kept: pages ask them again and again, and they are of bounded size.
KEPT = frozenset({"trend", "breakdown", "funnel", "attribution", "products"})
#: Answers kept for one copy.
MAX_ANSWERS = 128

#: What a copy holds, as a number (`ListCopy.version`).
Version = tuple[int, int]
Answer = dict[str, Any]


class AnswerCache:
    """Answers of one version of a copy. Those of an older version are dropped when a newer one is asked for.

    The version has to be read before the snapshot that is answered from: then an answer is never older than its version.
    """

    def __init__(self) -> None:
        self._version: Version = (0, 0)
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, version: Version, question: Any, as_of: int) -> Answer | None:
        """Return the answer to an encoded question as of a later time (UTC milliseconds), or None."""
        key = _key(question)
        with self._lock:
            if version != self._version:
                self._version = version
                self._answers.clear()
            answer = None if key is None else self._answers.get(key)
            if key is None or answer is None:
                return None
            self._answers.move_to_end(key)
        return at_time(answer, question, as_of)

    def keep(self, version: Version, question: Any, answer: Answer) -> None:
        """Keep an answer from a snapshot of this version or a later one."""
        key = _key(question)
        with self._lock:
            if key is None or version != self._version:
                return
            self._answers[key] = answer
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)


def is_kept(question: Any) -> bool:
    """Return whether a question is one that pages ask again and again."""
    return _key(question) is not None


def at_time(answer: Answer, question: Any, as_of: int) -> Answer:
    """Return an answer as of a later time (UTC milliseconds), until which nothing has changed."""
    is_complete = as_of >= question["head"]["ends"]
    return {**answer, "scope": {**answer["scope"], "as_of": as_of, "is_complete": is_complete}}


def _key(question: Any) -> bytes | None:
    """Return what tells questions apart: all but the time at which they are asked. None for kinds that are not kept."""
    head = question.get("head") if isinstance(question, Mapping) else None
    if not isinstance(head, Mapping) or question.get("kind") not in KEPT:
        return None
    timeless = {name: value for name, value in head.items() if name != "now"}
    return orjson.dumps({**question, "head": timeless}, option=orjson.OPT_SORT_KEYS)
