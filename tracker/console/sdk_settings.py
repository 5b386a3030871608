"""SDK settings: the lines that let other trackers' SDKs send to a list, with its address and key filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tracker.sdks import Adapter


@dataclass(frozen=True, slots=True)
class SdkSettings:
    """The settings of one family: `clients` are pairs of a client's name and its lines."""

    family: str
    title: str
    clients: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SdkSeen:
    """An SDK that a list has received events from, by the name and version that it gives itself, and when it last did."""

    name: str
    version: str
    last_at: str


def sdk_settings(adapters: Iterable[Adapter], door: str, public_id: str, key: str) -> list[SdkSettings]:
    """Return the settings of each family by its title. `door` is the address before the family's name, `key` an API key."""
    return [
        SdkSettings(each.family, each.title, _clients(each.family, f"{door}/{each.family}", public_id, key))
        for each in sorted(adapters, key=lambda each: each.title.lower())
    ]


def sdks_seen(events: Iterable[Mapping[str, Any]]) -> list[SdkSeen]:
    """Return the SDKs that sent these events, which are the newest first, those of the browser script left out."""
    found: dict[tuple[str, str], SdkSeen] = {}
    for event in events:
        name, version = (event["Properties"].get(each) for each in ("$lib", "$lib_version"))
        if isinstance(name, str) and name not in ("", _OWN) and not event["IsAddedByTracker"]:
            pair = name, version if isinstance(version, str) else ""
            found.setdefault(pair, SdkSeen(*pair, event["ReceivedAt"]))
    return list(found.values())


def _clients(family: str, base: str, public_id: str, key: str) -> list[tuple[str, str]]:
    address = urlsplit(base)
    filled = {
        "@BASE@": base,
        "@ORIGIN@": f"{address.scheme}://{address.netloc}",
        "@SCHEME@": address.scheme,
        "@HOST@": address.netloc,
        "@PATH@": address.path,
        "@ID@": public_id,
        "@PAIR@": f"{public_id}:{key}",
        "@KEY@": key,
    }
    clients = []
    for client, lines in _LINES.get(family, _ANY):
        for name, value in filled.items():
            lines = lines.replace(name, value)
        clients.append((client, lines.strip("\n")))
    return clients


#: What the browser script calls itself.
_OWN = "tracker.js"
#: For a family of an installed package.
_ANY = (("Pages", "address: @BASE@\nkey: @ID@"), ("Servers", "address: @BASE@\nkey: @PAIR@"))
#: The clients of each family with their lines: a page has the public id, a server the pair of it and an API key.
_LINES: dict[str, tuple[tuple[str, str], ...]] = {
    "amplitude": (
        (
            "Browser",
            'amplitude.init("@ID@", {\n  serverUrl: "@BASE@/2/httpapi",\n  remoteConfig: {serverUrl: "@BASE@/config"},\n});',
        ),
        ("Node.js", 'init("@PAIR@", {serverUrl: "@BASE@/2/httpapi"});'),
        ("Python", 'client = Amplitude("@PAIR@", Config(server_url="@BASE@/2/httpapi"))'),
    ),
    "cloudevents": (
        (
            "Any HTTP client",
            "POST @BASE@/@ID@\nAuthorization: Bearer @KEY@\nContent-Type: application/cloudevents+json",
        ),
    ),
    "countly": (("Browser", 'Countly.init({app_key: "@ID@", url: "@BASE@"});'),),
    "customerio": (
        ("Node.js", 'new TrackClient("@ID@", "@KEY@", {url: "@BASE@/api/v1"});'),
        ("Python", 'CustomerIO("@ID@", "@KEY@", host="@HOST@", url_prefix="@PATH@/api/v1")'),
    ),
    "ga4": (
        (
            "Measurement Protocol",
            "POST @BASE@/mp/collect?measurement_id=@ID@\nAuthorization: Bearer @KEY@",
        ),
    ),
    "goatcounter": (
        (
            "Browser",
            '<script data-goatcounter="@BASE@/@ID@/count" async src="/count.js"></script>',
        ),
    ),
    "jitsu": (
        ("Browser", 'jitsuAnalytics({host: "@BASE@", writeKey: "@ID@:web"})'),
        ("Node.js", 'jitsuAnalytics({host: "@BASE@", writeKey: "@PAIR@"})'),
    ),
    "klaviyo": (("Python", 'KlaviyoAPI("@PAIR@", test_host="@BASE@")'),),
    "matomo": (
        (
            "Browser",
            '_paq.push(["setTrackerUrl", "@BASE@/@ID@/matomo.php"]);\n_paq.push(["setSiteId", "1"]);',
        ),
        (
            "Node.js",
            """
const matomo = new MatomoTracker(1, "@BASE@/@ID@/matomo.php");
matomo.trackBulk([{...event, token_auth: "@KEY@"}], () => {});
""",
        ),
    ),
    "mixpanel": (
        ("Browser", 'mixpanel.init("@ID@", {api_host: "@BASE@"});'),
        ("Node.js", 'Mixpanel.init("@ID@", {protocol: "@SCHEME@", host: "@HOST@", path: "@PATH@"});'),
        (
            "Python",
            """
Mixpanel("@PAIR@", consumer=Consumer(
    events_url="@BASE@/track", people_url="@BASE@/engage",
    groups_url="@BASE@/groups", import_url="@BASE@/import",
))
""",
        ),
    ),
    "openpanel": (
        ("Browser", 'new OpenPanel({apiUrl: "@BASE@", clientId: "@ID@"})'),
        ("Node.js", 'new OpenPanel({apiUrl: "@BASE@", clientId: "@ID@", clientSecret: "@KEY@"})'),
    ),
    "plausible": (
        ("@plausible-analytics/tracker", 'init({domain: "@ID@", endpoint: "@BASE@/api/event"})'),
        ("plausible-tracker", 'Plausible({domain: "@ID@", apiHost: "@BASE@"})'),
    ),
    "posthog": (
        ("Browser", 'posthog.init("@ID@", {api_host: "@BASE@"})'),
        ("Node.js", 'new PostHog("@PAIR@", {host: "@BASE@"})'),
        ("Python", 'Posthog("@PAIR@", host="@BASE@")'),
    ),
    "rudderstack": (
        ("Browser", 'new RudderAnalytics().load("@ID@", "@BASE@", {configUrl: "@BASE@"})'),
        ("Node.js", 'new RudderAnalytics("@PAIR@", {dataPlaneUrl: "@BASE@"})'),
        ("Python", 'rudder_analytics.write_key = "@PAIR@"\nrudder_analytics.dataPlaneUrl = "@BASE@"'),
    ),
    "segment": (
        (
            "Browser",
            """
AnalyticsBrowser.load({cdnURL: "@BASE@", writeKey: "@ID@"}, {
  integrations: {"Segment.io": {apiHost: "@HOST@@PATH@/v1", protocol: "@SCHEME@"}},
})
""",
        ),
        ("Node.js", 'new Analytics({host: "@ORIGIN@", path: "@PATH@/v1/batch", writeKey: "@PAIR@"})'),
        ("Python", 'analytics.write_key = "@PAIR@"\nanalytics.host = "@BASE@"'),
    ),
    "snowplow": (
        ("Browser", 'newTracker("sp", "@BASE@/@ID@", {appId: "shop"});'),
        (
            "Node.js",
            'newTracker({namespace: "sp", appId: "shop"}, {\n  endpoint: "@BASE@/@ID@", customHeaders: {Authorization: "Bearer @KEY@"},\n})',
        ),
        ("Python", 'Tracker("sp", Emitter("@BASE@/@ID@"))'),
    ),
    "umami": (
        ("Script", '<script defer src="/script.js" data-website-id="@ID@" data-host-url="@BASE@"></script>'),
        ("Node.js", 'new Umami({hostUrl: "@BASE@", websiteId: "@PAIR@"})'),
        ("Python", 'umami.set_url_base("@BASE@")\numami.set_website_id("@PAIR@")'),
    ),
}
