"""User-agent parsing: browser, system and device of a user agent, and whether it is a robot's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ua_parser import OS, Device, UserAgent, parse

from tracker.domain.bots import bot_reason, image_proxy

#: Characters of a user agent that are read; no browser sends more.
MAX_CHARACTERS = 512
#: Parsed user agents that a process caches; a site sees a few thousand different ones.
MAX_REMEMBERED = 5_000
TABLET, MOBILE, DESKTOP, TELEVISION, ROBOT = "tablet", "mobile", "desktop", "tv", "bot"
_DESKTOPS = frozenset(("Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Chrome OS", "FreeBSD", "OpenBSD"))


@dataclass(frozen=True, slots=True)
class Agent:
    """The properties filled from a user agent, and the part of it that shows a robot, if any."""

    properties: dict[str, str]
    bot_reason: str | None


#: An agent of which nothing is known.
UNKNOWN_AGENT = Agent({}, None)


def parse_user_agent(user_agent: str, is_image: bool = False) -> Agent:
    """Return what a user agent says, without unknown properties. A blank one is a robot's: browsers always send one.

    `is_image` says that the request fetched a mail's picture, which mailbox providers do for their users.
    """
    return remembered_agent(user_agent[:MAX_CHARACTERS], is_image)


@lru_cache(MAX_REMEMBERED)
def remembered_agent(text: str, is_image: bool) -> Agent:
    """Parse a user agent of at most MAX_CHARACTERS characters, with a cache: see `parse_user_agent`."""
    if is_image and (proxy := image_proxy(text)):
        # A proxy names a browser that it is not, and not the device of the person.
        return Agent({"$browser": proxy}, None)
    reason = bot_reason(text, is_image)
    found = parse(text)
    properties = {
        "$browser": found.user_agent and found.user_agent.family,
        "$browser_version": found.user_agent and _version(found.user_agent),
        "$os": found.os and found.os.family,
        "$device": found.device and _device(found.device),
        "$device_type": ROBOT if reason else _device_type(found.os, found.device, text),
    }
    if reason:
        properties["$bot"] = reason
    return Agent({name: value for name, value in properties.items() if value}, reason)


def _version(browser: UserAgent) -> str:
    return ".".join(filter(None, (browser.major, browser.minor)))


def _device(device: Device) -> str | None:
    """Return the device's brand and model. Browsers that hide their device call it "K"."""
    model = device.model or device.family
    brand = device.brand or ""
    if model == "K" or brand == "Spider":
        return None
    is_named = brand.startswith("Generic") or model.startswith(brand)
    return model if is_named else f"{brand} {model}"


def _device_type(os: OS | None, device: Device | None, text: str) -> str | None:
    if "SmartTV" in text or "TV" in (device.model or "" if device else ""):
        return TELEVISION
    family = os.family if os else ""
    if family == "Android":
        return MOBILE if "Mobile" in text else TABLET
    if family == "iOS":
        return TABLET if device and device.family == "iPad" else MOBILE
    return DESKTOP if family in _DESKTOPS else None
