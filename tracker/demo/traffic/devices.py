"""Devices: the browsers of visitors, and the robots."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from uuid import UUID

_WINDOWS, _MAC = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

#: User agents with their shares, in parts of 100; then (width, height) of screens that go with them.
_DESKTOPS = (
    (f"Mozilla/5.0 ({_WINDOWS}) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36", 44),
    (f"Mozilla/5.0 ({_WINDOWS}) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", 16),
    (f"Mozilla/5.0 ({_WINDOWS}; rv:145.0) Gecko/20100101 Firefox/145.0", 10),
    (f"Mozilla/5.0 ({_MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15", 16),
    (f"Mozilla/5.0 ({_MAC}) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36", 8),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", 6),
)
_PHONES = (
    (f"{_IPHONE} Version/18.6 Mobile/15E148 Safari/604.1", 46),
    (f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36", 36),
    (f"Mozilla/5.0 (Linux; Android 15; SM-S921B) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", 12),
    ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", 6),
)  # fmt: skip
_TABLETS = (
    ("Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1", 80),
    (f"Mozilla/5.0 (Linux; Android 14; SM-X710) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36", 20),
)  # fmt: skip
_BROWSERS = {"desktop": _DESKTOPS, "phone": _PHONES, "tablet": _TABLETS}
_SCREENS = {
    "desktop": ((1920, 1080), (1920, 1080), (2560, 1440), (1536, 864), (1440, 900), (1366, 768)),
    "phone": ((390, 844), (393, 852), (360, 800), (412, 915), (430, 932)),
    "tablet": ((820, 1180), (834, 1194), (1280, 800)),
}
#: What bars and frames of a browser take from the height of the screen.
_FRAME = {"desktop": (0, 15, 137), "phone": (0, 0, 180), "tablet": (0, 0, 90)}

ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/142.0.0.0 Safari/537.36",
)


@dataclass(frozen=True, slots=True)
class Device:
    """A browser as the script sees it; `uuid` names its visitor. Sizes are (width, height) in CSS pixels."""

    uuid: str
    user_agent: str
    screen: tuple[int, int]
    viewport: tuple[int, int]


def device(random: Random, kind: str) -> Device:
    """Return a browser of this kind: desktop, phone or tablet."""
    agents, weights = zip(*_BROWSERS[kind], strict=True)
    screen = random.choice(_SCREENS[kind])
    least, most, bars = _FRAME[kind]
    viewport = (screen[0] - random.randint(least, most), screen[1] - bars)
    return Device(_uuid(random), random.choices(agents, weights)[0], screen, viewport)


def robot(random: Random) -> Device:
    """Return a robot that reads pages."""
    return Device(_uuid(random), random.choice(ROBOTS), (1024, 768), (1024, 768))


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
