"""Is an adapter that cannot work refused at start, with one line that says why?"""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from tracker import plugins
from tracker.config import ConfigError, Settings
from tracker.plugins import load_adapters
from tracker.registry import PluginError
from tracker.sdks import Adapter, Adapters, Item, Outcomes, SdkReply, SdkRequest

ROUTES = {"POST /v1/batch": "events"}


def made(**attributes: Any) -> type[Adapter]:
    """An adapter with some attributes other than good ones; `...` leaves one out."""

    class Example(Adapter):
        family, title, routes = "example", "Example", ROUTES

        def events(self, request: SdkRequest) -> list[Item]:
            return []

        def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
            return SdkReply(200, {})

    for name, value in attributes.items():
        setattr(Example, name, getattr(Adapter, name) if value is ... else value)
    return Example


def test_a_good_adapter_is_found_by_its_family() -> None:
    adapters = Adapters()
    adapters.add(made(), "here")
    listed = adapters.find("example")
    assert listed is not None
    assert [(route.method, route.path, route.kind) for route in listed.routes] == [
        ("POST", "/v1/batch", "events")
    ]
    assert len(adapters) == 1


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"family": "Two Words"}, "family must be a lower-case word"),
        ({"family": ...}, "family must be a lower-case word"),
        ({"title": " "}, "a title is needed"),
        ({"events": ...}, "events is missing"),
        ({"answer": ...}, "answer is missing"),
        ({"max_body_bytes": "1 MB"}, "max_body_bytes must be a number"),
        ({"routes": {}}, "there is no route to 'events'"),
        ({"routes": {"/v1/batch": "events"}}, "is no method and path"),
        ({"routes": {"FETCH /v1": "events"}}, "is no method and path"),
        ({"routes": {"POST v1": "events"}}, "is no method and path"),
        ({"routes": {"POST /{a}{b}": "events"}}, "is no method and path"),
        ({"routes": {"POST /abcdefghijklmnop": "events"}}, "begins with what may be a public id"),
        ({"routes": {**ROUTES, "GET /config": "config"}}, "leads to 'config', which is no method"),
        ({"routes": {**ROUTES, "POST /v1/batch/": "events"}}, "is there twice"),
        ({"routes": {"POST /{a}": "events", "POST /{b}": "events"}}, "is there twice"),
    ],
)
def test_one_that_cannot_work_is_refused(attributes: dict[str, Any], reason: str) -> None:
    with pytest.raises(PluginError, match=r"^here: .*") as refused:
        Adapters().add(made(**attributes), "here")
    assert reason in str(refused.value)


def test_a_family_twice_is_refused_and_both_are_named() -> None:
    adapters = Adapters()
    adapters.add(made(), "here")
    with pytest.raises(PluginError, match="there: example: the family is taken by Example from here"):
        adapters.add(made(), "there")


def test_an_installed_package_adds_its_family(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("example", f"{__name__}:EXAMPLE", "tracker.sdks")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points if group == "tracker.sdks" else [])
    listed = load_adapters().find("example")
    assert listed is not None
    assert listed.origin.startswith("package ")
    points.append(EntryPoint("nothing", "tracker.times", "tracker.sdks"))
    with pytest.raises(PluginError, match="there is no adapter in it"):
        load_adapters()


@pytest.mark.parametrize(
    ("path", "collect"),
    [("/sdk", "/sdk"), ("/t", "/t"), ("/t/sdk", "/t"), ("/in", "/in/t"), ("/api", "/t"), ("sdk", "/t")],
)
def test_its_address_is_no_other_doors(path: str, collect: str) -> None:
    with pytest.raises(ConfigError, match="TRACKER_SDK_PATH"):
        Settings.from_environ({"TRACKER_SDK_PATH": path, "TRACKER_COLLECT_PATH": collect})


EXAMPLE = made()
