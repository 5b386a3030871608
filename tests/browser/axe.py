"""What keeps people out of a page who cannot see it well, or use no mouse? axe-core, put into the page by the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.npm import package

if TYPE_CHECKING:
    from playwright.sync_api import Page


def faults(page: Page) -> list[str]:
    """What is serious or critical: rule, impact, and where. What is folded in is looked at too."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.evaluate((package("axe-core") / "axe.min.js").read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
