"""What keeps people out of a page who cannot see it well, or use no mouse? axe-core, put into the page by the test."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tests.browser.npm import package

if TYPE_CHECKING:
    from playwright.sync_api import Page


#: Colours that are on their way from one to another are none: what moves by itself and ends is waited for.
AT_REST = """Promise.all(
  document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().iterations !== Infinity)
    .map((each) => each.finished.catch(() => null))
).then(() => true)"""


@functools.cache
def _axe() -> str:
    return (package("axe-core") / "axe.min.js").read_text()


def faults(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What is serious or critical: rule, impact, and where. What is folded in is looked at too."""
    page.evaluate(AT_REST)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    if not page.evaluate("'axe' in window"):  # it has half a megabyte, and a page is looked at three times
        page.evaluate(_axe())
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def faults_in_all_colours(page: Page) -> list[str]:
    """In the dark only colours can be wrong that were not in the light."""
    page.emulate_media(color_scheme="light")
    found = faults(page)
    page.emulate_media(color_scheme="dark")
    return found + faults(page, ("color-contrast",))
