"""Browsing: the events that the browser script sends during a visit, with all that it captures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from tracker.demo.traffic.devices import Device
from tracker.demo.traffic.goods import NAME, SHOP, Source
from tracker.demo.traffic.words import zone_of

#: Between two steps of a visit, in milliseconds: people take a quarter of a minute, some much longer.
USUAL_PAUSE_MS, LEAST_PAUSE_MS, MAX_PAUSE_MS = 14_000, 1_000, 600_000
_SPREAD = 0.9


@dataclass(slots=True)
class VisitStep:
    """One event. `at` is milliseconds since the visit began; `params` are those of `event.track`.

    `user_agent` is None for what a back end sends.
    """

    at: int
    params: dict[str, Any]
    user_agent: str | None = None
    is_listless: bool = False


class Browsing:
    """A browser on the shop's pages, and its clock."""

    def __init__(
        self, random: Random, device: Device, language: str, source: Source, is_hurried: bool = False
    ) -> None:
        self.random, self._device, self._language, self._source = random, device, language, source
        self._is_hurried = is_hurried
        self.steps: list[VisitStep] = []
        self._clock = 0
        self._url, self._title, self._referrer = "", "", source.referrer

    @property
    def clock(self) -> int:
        """The milliseconds since the visit began."""
        return self._clock

    def land(self, path: str, title: str, name: str = "page_view") -> None:
        """Open the page of the source's link."""
        self._url = self._source.landing(path)
        self._title = f"{title} – {NAME}"
        self.say(name)

    def view(self, path: str, title: str, name: str = "page_view", **properties: Any) -> None:
        """Go to another page of the shop."""
        self._referrer, self._url, self._title = self._url, SHOP + path, f"{title} – {NAME}"
        self.say(name, properties)

    def say(self, name: str, properties: dict[str, Any] | None = None, **params: Any) -> None:
        """Return an event on the open page; `params` are further parameters of it."""
        if self.steps:
            self._clock += self._pause()
        sent = {"Event": name, "UUID": self._device.uuid, **params}
        sent["Properties"] = self._captured() | (properties or {})
        self.steps.append(VisitStep(self._clock, sent, self._device.user_agent))

    def _pause(self) -> int:
        if self._is_hurried:
            return self.random.randint(LEAST_PAUSE_MS, 3 * LEAST_PAUSE_MS)
        pause = self.random.lognormvariate(math.log(USUAL_PAUSE_MS), _SPREAD)
        return int(min(max(pause, LEAST_PAUSE_MS), MAX_PAUSE_MS))

    def _captured(self) -> dict[str, Any]:
        token = dict(self._source.query).get("pr")
        return {
            **({"pr": token} if token else {}),
            "$browser_language": self._language,
            "$page_title": self._title,
            "$screen_width": self._device.screen[0],
            "$screen_height": self._device.screen[1],
            "$viewport_width": self._device.viewport[0],
            "$viewport_height": self._device.viewport[1],
            "$current_url": self._url,
            "$referrer": self._referrer,
            "$timezone": zone_of(self._language),
            "$lib": "tracker.js",
            "$lib_version": "1",
        }
