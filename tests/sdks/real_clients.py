"""Which real clients are tried, and how is one run? Each has a script in `clients/`, given Tracker's address and a key.

`NAME.py` and `NAME.mjs` are started as a server's process is, with `<public id>:<API key>`; `NAME.html` is opened in a browser, from
another origin, with the public id. The name is `<family>_<what runs it>`. Versions are those of `requirements.txt` and
`package-lock.json`. A script does what a site's owner would: it tracks, views a page, identifies, and sells something.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import find_program
from tests.served import ROOT

FOLDER = Path(__file__).parent
SCRIPTS = FOLDER / "clients"
#: Python of the clients' own environment: what they need must not disturb what Tracker needs.
PYTHON = ROOT / ".venv" / "sdks" / "bin" / "python"
#: What comes of the four things that every script does.
FOUR = {"Plan Chosen": 1, "page_view": 1, "identify": 1, "Order Completed": 1, "conversion": 1}
#: Some identify nobody: what they send names nobody, or a subscriber by ID alone.
NAMELESS = {name: times for name, times in FOUR.items() if name != "identify"}
#: Text as data, beside what all scripts do.
NOTED = {**FOUR, "Note": 1}
#: OpenPanel has its own name for a sale.
REVENUE = {"Plan Chosen": 1, "page_view": 1, "identify": 1, "revenue": 1, "conversion": 1}
#: Klaviyo knows no pages, and has its own name for a sale.
SOLD = {"Plan Chosen": 1, "identify": 1, "Placed Order": 1, "conversion": 1}

#: Snowplow names events by their schemas.
DESCRIBED = {"plan_chosen": 1, "page_view": 1, "identify": 1, "snowplow_ecommerce_action": 1, "conversion": 1}
#: Matomo has its own name for a sale, and no traits: it names users by their ID alone.
ORDERED = {"Plan Chosen": 1, "page_view": 1, "ecommerce_order": 1, "conversion": 1}
#: Countly tells how the screen is held by itself, and its sums are no revenue.
SUMMED = {"[CLY]_orientation": 1, "Plan Chosen": 1, "page_view": 1, "identify": 1, "Order Completed": 1}


@dataclass(frozen=True)
class Client:
    """A real client: the package, what its script must have led to, and whether it sends again what was not answered."""

    package: str
    #: How often each event is stored.
    names: Mapping[str, int] = field(default_factory=lambda: FOUR)
    #: An answer to what it tracks is lost; it comes again.
    resends: bool = True
    #: Which answer is lost, by the number of its request.
    loses: int = 1
    #: The status in whose place an answer is lost: some clients send again what a server failed at, not what a connection did.
    #: 0: the connection ends without an answer.
    lost_as: int = 0
    #: How many requests that track are to come, with the one that comes again. A browser has none to wait for but these.
    requests: int = 2
    #: It speaks HTTPS only.
    is_https: bool = False
    #: Its events are of one subscriber, found by ID and by address.
    identifies: bool = True
    #: It has a place for an address. If not, the subscriber is found by ID alone.
    has_address: bool = True


#: By the name of the script, in alphabetical order.
CLIENTS = {
    "amplitude_browser": Client("@amplitude/analytics-browser", lost_as=503, requests=4),
    "amplitude_node": Client("@amplitude/analytics-node", lost_as=503),
    "amplitude_python": Client("amplitude-analytics", lost_as=503),
    "cloudevents_node": Client("cloudevents", NOTED, resends=False, requests=4),
    "cloudevents_python": Client("cloudevents", NOTED, resends=False, requests=4),
    # It asks first whether its server is well, and names the user in another request than the address, as Mixpanel's does.
    "countly_browser": Client("countly-sdk-web", SUMMED, loses=4, lost_as=503, requests=7, identifies=False),
    "customerio_node": Client("customerio-node", resends=False, requests=4, is_https=True),
    "customerio_python": Client("customerio", requests=5, is_https=True),
    "jitsu_browser": Client("@jitsu/js", resends=False, requests=4),
    "jitsu_node": Client("@jitsu/js", resends=False, requests=4),
    "klaviyo_python": Client("klaviyo-api", SOLD, requests=4, lost_as=504),
    "matomo_node": Client("matomo-tracker", ORDERED, resends=False, requests=3, has_address=False),
    # Name and address come in requests of their own, side by side: docs/sdks.md says what becomes of that.
    "mixpanel_browser": Client("mixpanel-browser", resends=False, requests=6, identifies=False),
    "mixpanel_node": Client("mixpanel", resends=False, requests=4),
    "mixpanel_python": Client("mixpanel", resends=False, requests=4),
    "openpanel_browser": Client("@openpanel/web", REVENUE, resends=False, requests=4),
    "openpanel_node": Client("@openpanel/sdk", REVENUE, resends=False, requests=4),
    "plausible_browser": Client(
        "@plausible-analytics/tracker", NAMELESS, resends=False, requests=3, identifies=False
    ),
    "plausible_older": Client("plausible-tracker", NAMELESS, resends=False, requests=3, identifies=False),
    # So do PostHog's first events of a user who is named while the page loads.
    "posthog_browser": Client("posthog-js", requests=4, identifies=False),
    "posthog_node": Client("posthog-node"),
    "posthog_python": Client("posthog"),
    "posthog_python_v1": Client("posthog"),
    "rudderstack_browser": Client("@rudderstack/analytics-js", requests=5),
    "rudderstack_node": Client("@rudderstack/rudder-sdk-node"),
    "rudderstack_python": Client("rudder-sdk-python"),
    "segment_browser": Client("@segment/analytics-next", requests=5),
    "segment_node": Client("@segment/analytics-node"),
    "segment_python": Client("segment-analytics-python"),
    "snowplow_browser": Client("@snowplow/browser-tracker", DESCRIBED, lost_as=503),
    "snowplow_node": Client("@snowplow/node-tracker", DESCRIBED, resends=False, requests=1),
    "snowplow_python": Client("snowplow-tracker", DESCRIBED),
    "umami_node": Client("@umami/node", resends=False, requests=4),
    "umami_python": Client("umami-analytics", NAMELESS, resends=False, requests=3, has_address=False),
}


def script_of(name: str) -> Path:
    [script] = SCRIPTS.glob(f"{name}.*")
    return script


def family_of(name: str) -> str:
    return name.partition("_")[0]


def version_of(name: str) -> str:
    """The version that is installed of a script's package, by the pins."""
    package = CLIENTS[name].package
    if script_of(name).suffix != ".py":
        locked = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
        return str(locked[f"node_modules/{package}"]["version"])
    found = re.search(
        rf"^{re.escape(package)}==(.+)$", (FOLDER / "requirements.txt").read_text(), re.MULTILINE
    )
    assert found, f"{package} is not pinned in requirements.txt"
    return found[1]


def run(name: str, address: str, key: str, certificate: Path) -> None:
    """Run the script of a server's client to its end. It trusts the certificate."""
    script = script_of(name)
    program = str(PYTHON) if script.suffix == ".py" else find_program("node", "nodejs")
    assert Path(program).exists(), "the clients are not installed: make .venv/.sdks"
    done = subprocess.run(
        [program, str(script), address, key],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "REQUESTS_CA_BUNDLE": str(certificate), "NODE_EXTRA_CA_CERTS": str(certificate)},
        check=False,
        cwd=FOLDER,
    )
    assert done.returncode == 0, f"{name}:\n{done.stdout}{done.stderr}"
