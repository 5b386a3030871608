"""Docs test of docs/tracking.md: each of its calls is answered, in order, as the page says."""

from __future__ import annotations

import json
import re

from tests.client import InProcess
from tests.conventions.likeness import Likeness
from tests.conventions.sources import ROOT

PAGE = ROOT / "docs" / "tracking.md"
BLOCKS = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIST_ON_PAGE = 2


def test_every_call_is_answered_as_the_page_says(client: InProcess) -> None:
    jane, like = client.open_shop("jane@example.com"), Likeness()
    assert jane.list_id == LIST_ON_PAGE
    blocks = [json.loads(block) for block in BLOCKS.findall(PAGE.read_text())]
    assert len(blocks) % 2 == 0
    for sent, said in zip(blocks[::2], blocks[1::2], strict=True):
        answer = client.call(sent.pop("Command"), jane.key, **like.in_reality(sent))
        assert like.as_shown(said, answer.body) == said
        client.services.inbox.flush()  # a reader takes the seconds after which it is written
