"""Is everybody in the segments that plain Python puts them in, whatever happens to people and visitors, in any order?"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.analytics.copied_world import Event
from tests.analytics.copying import Copied
from tests.analytics.reference import events_of_truth, fields_of_truth
from tests.analytics.reference_answers import Reference
from tests.analytics.test_whose_copy import step_of
from tests.examples import seeds
from tests.ingest.real import TIMES_FROM, Real
from tracker.analytics.copy.copy_tables import read_columns
from tracker.analytics.queries import CopyColumn, CopySchema, run
from tracker.questions import EVER, Condition, Head, Operator, SegmentSizes, in_segment

UNTIL = TIMES_FROM + 5
SEEN = Condition("person", Operator.HAPPENED, "seen", times=2)
NAMED = Condition("person", Operator.DID_NOT_HAPPEN, "identify", days=1)
WITHIN = Condition("person", Operator.NOT_IN, rule=((SEEN, NAMED),), until=UNTIL)
EVENT = Condition("event", Operator.HAPPENED, "identify")
SEGMENTS = tuple(
    in_segment(rule, UNTIL) for rule in (((SEEN,),), ((NAMED,),), ((WITHIN,),), ((EVENT,), (WITHIN, SEEN)))
)


@pytest.mark.parametrize("seed", seeds(3))
def test_segments_follow_links_unlinks_and_erasures(database_url: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    real = Real(database_url)
    real.database.upgrade()
    for _ in range(20):
        real.apply(1, step_of(chance))
    copied = Copied(real.database, 1, tmp_path / "reports")
    for _ in range(12):
        for _ in range(6):
            real.apply(1, step_of(chance))
        compare(real, copied)
    real.finish()
    compare(real, copied)
    copied.close()
    real.close()


def compare(real: Real, copied: Copied) -> None:
    """The sizes and the people of the copy, and those of the truth."""
    copied.follow()
    begins, ends = EVER
    question = SegmentSizes(Head(1, begins, ends), SEGMENTS, examples=20)
    cursor = copied.engine.cursor()
    columns = read_columns(cursor, "one")
    schema = CopySchema("one", {each.property: CopyColumn(each.index, each.has_numbers) for each in columns})
    answer = run(cursor, schema, question)
    truth = Reference(events(real), fields_of_truth(real.database, 1), 0).answer(question)
    assert {**answer, "scope": None} == {**truth, "scope": None}


def events(real: Real) -> list[Event]:
    return [{"id": number, **event._asdict()} for number, event in events_of_truth(real.database, 1).items()]
