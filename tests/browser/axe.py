"""What keeps people out of a page who cannot see it well, or use no mouse? axe-core, put into the page by the test."""

from __future__ import annotations

import functools
from pathlib import Path
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


#: The rules that can find what is serious or critical: a rule says how bad it is what it finds, and one that does not is run.
RUN = """([rules, isOfThose]) => axe.run(isOfThose ? {include: window.those} : document, {
  resultTypes: ["violations"],
  runOnly: rules.length ? rules : axe._audit.rules
    .filter(rule => rule.enabled && !["minor", "moderate"].includes(rule.impact)
      && !["experimental", "deprecated"].some(tag => rule.tags.includes(tag)))
    .map(rule => rule.id),
}).then(found => found.violations)"""

#: Keeps of each element that is seen all that a contrast is made of, but for what stands behind it.
KEEP_PAINT = """() => {
  window.paint = each => { const style = getComputedStyle(each);
    return ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight", "textShadow"]
      .map(name => style[name]).join() };
  window.painted = [...document.body.querySelectorAll("*")].filter(each => each.checkVisibility())
    .map(each => [each, paint(each)]) }"""
#: Finds those which are not seen now, or not as they were then; whether there are any.
FIND_THOSE = """() => { window.those = painted
    .filter(([each, paint]) => !each.checkVisibility() || window.paint(each) !== paint).map(([each]) => each);
  return those.length > 0 }"""
WIDE, PHONE = {"width": 1280, "height": 720}, {"width": 360, "height": 700}


@functools.cache
def _axe() -> Path:
    return package("axe-core") / "axe.min.js"


def bring_axe(page: Page) -> Page:
    """Have each document that the page loads from now on bring axe along, which has half a megabyte: it is sent once, and
    compiled once for all that is visited."""
    page.add_init_script(path=_axe())
    return page


def faults(page: Page, rules: tuple[str, ...] = (), is_of_those: bool = False) -> list[str]:
    """What is serious or critical: rule, impact, and where. What is folded in is looked at too."""
    page.evaluate(AT_REST)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe().read_text())
    found = page.evaluate(RUN, [list(rules), is_of_those])
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


def faults_in_all_looks(page: Page) -> list[str]:
    """In the dark, and on a phone, where anything can be wrong again and nothing may stick out.

    Colours of the dark that are the same on the phone are looked at there.
    """
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    found = faults(page)
    page.emulate_media(color_scheme="dark")
    page.evaluate(AT_REST)
    page.evaluate(KEEP_PAINT)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    width = page.evaluate("document.documentElement.scrollWidth")
    found += faults(page) + ([f"{width} px wide on a phone of 360"] if width != 360 else [])
    if page.evaluate(FIND_THOSE):
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        found += faults(page, ("color-contrast",), is_of_those=True)
    return found
