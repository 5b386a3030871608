"""Does the copy know whose each event is, and whose is left out, whatever happens to people and visitors, in any order?"""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.analytics.asked_lives import check_answers
from tests.analytics.copying import Copied
from tests.examples import seeds
from tests.ingest.real import Real
from tests.ingest.whole_model import Create, Delete, Forget, Rename, Step, Together, Track, Unmerge
from tracker.formats.email_address import email_key
from tracker.storage.subscribers import Changes, Refused

EMAILS = ("ab@gmail.com", "a.b@gmail.com", "c@example.com", "d@example.com")
IDS, BROWSERS = ("x", "y"), (1, 2, 3)


def step_of(chance: random.Random) -> Step:
    kind = chance.choices(
        ("track", "together", "create", "unmerge", "rename", "delete", "forget"), (70, 8, 3, 8, 3, 4, 4)
    )[0]
    email = chance.choice(EMAILS)
    if kind == "track":
        return track_of(chance)
    if kind == "together":
        return Together([track_of(chance) for _ in range(4)])
    if kind == "unmerge":
        return Unmerge(email, chance.choice(BROWSERS), chance.randrange(6))
    if kind == "rename":
        return Rename(email, chance.choice(EMAILS))
    return {"create": Create, "delete": Delete, "forget": Forget}[kind](email)


def track_of(chance: random.Random) -> Track:
    is_public = chance.random() < 0.3
    return Track(
        chance.choice(("seen", "seen", "identify")),
        email=chance.choice((None, None, *EMAILS)),
        external_id=chance.choice((None, None, None, *IDS)),
        browser=chance.choice((None, *BROWSERS)),
        is_public=is_public,
        at=None if is_public else chance.choice((None, *range(6))),
    )


def leave_out(real: Real, email: str, is_left_out: bool) -> None:
    with suppress(Refused):  # nobody has the address
        changes = Changes(is_left_out=is_left_out)
        real.services.stores.subscribers.change(1, ("email_key", email_key(email)[1]), changes)


def apply_some(real: Real, chance: random.Random) -> None:
    """A step, and now and then somebody is left out of reports or counted again."""
    real.apply(1, step_of(chance))
    if chance.random() < 0.15:
        leave_out(real, chance.choice(EMAILS), chance.random() < 0.6)


@pytest.mark.parametrize("seed", seeds(4))
def test_a_copy_follows_links_unlinks_and_erasures(database_url: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    real = Real(database_url)
    real.database.upgrade()
    for _ in range(20):
        apply_some(real, chance)
    copied = Copied(real.database, 1, tmp_path / "reports")
    copied.check()
    for _ in range(80):
        apply_some(real, chance)
        if chance.random() < 0.3:
            copied.follow()
        if chance.random() < 0.1:
            copied.check()
        if chance.random() < 0.1:
            copied.close()
            copied.open()
    real.finish()
    copied.check()
    check_answers(copied)
    copied.close()
    copied.build()
    copied.open()
    copied.check()
    copied.close()
    real.close()
