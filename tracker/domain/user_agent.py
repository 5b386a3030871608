"""User agents: which browser, system and device one names, and whether it is a robot's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ua_parser import OS, Device, UserAgent, parse

from tracker.domain.bots import bot_reason, image_proxy

#: What is longer is nobody's user agent; the rest of it is not read.
MAX_CHARACTERS = 512
#: Different user agents of which a process remembers what they are; a site sees a few thousand.
MAX_REMEMBERED = 5_000
TABLET, MOBILE, DESKTOP, TELEVISION, ROBOT = "tablet", "mobile", "desktop", "tv", "bot"
_DESKTOPS = frozenset(("Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Chrome OS", "FreeBSD", "OpenBSD"))


@dataclass(frozen=True, slots=True)
class Agent:
    """The properties that are filled from a user agent, and the part of it that gives a robot away, if one does."""

    properties: dict[str, str]
    bot_reason: str | None


def parse_user_agent(user_agent: str, is_image: bool = False) -> Agent:
    """What is known of a user agent; what is not known is left out. Browsers always name themselves.

    `is_image`: it fetched a mail's picture, which providers of mailboxes do for the people who read there.
    """
    return remembered_agent(user_agent[:MAX_CHARACTERS], is_image)


@lru_cache(MAX_REMEMBERED)
def remembered_agent(text: str, is_image: bool) -> Agent:
    """As `parse_user_agent`, for what of a user agent is read."""
    if is_image and (proxy := image_proxy(text)):
        # It names a browser that it is not, and no device of the person's.
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
    """Browsers that hide their device say K."""
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
