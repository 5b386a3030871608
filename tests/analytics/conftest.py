"""What do the tests of copies stand on? Events of browsers, and other verdicts about robots, as the contract's tests have them."""

from __future__ import annotations

from tests.contract.test_bots_recheck import judge, send

__all__ = ["judge", "send"]
