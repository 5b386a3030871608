"""Proxy samples of docs/operations.md: they parse, hold Tracker's bounds, and say the same in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.conventions.pages import blocks, cells
from tests.conventions.sources import ROOT
from tracker.config import SETTINGS
from tracker.plugins import load_commands

PAGE = ROOT / "docs/operations.md"
DEFAULTS = {row.name: row.default for row in SETTINGS}
UNITS = {"k": 2**10, "m": 2**20, "KiB": 2**10, "MiB": 2**20}
#: Directives of nginx in the sample, by the block they stand in, with the fewest arguments each takes.
NGINX = {
    "": {"limit_conn_zone": 2, "limit_req_zone": 3, "upstream": 1, "server": 0},
    "upstream": {"server": 1, "keepalive": 1, "keepalive_timeout": 1},
    "server": {
        "listen": 1, "server_name": 1, "ssl_certificate": 1, "ssl_certificate_key": 1, "client_header_timeout": 1,
        "client_body_timeout": 1, "send_timeout": 1, "large_client_header_buffers": 2, "client_max_body_size": 1,
        "limit_conn": 2, "limit_req": 1, "limit_conn_status": 1, "limit_req_status": 1, "location": 1,
    },
    "location": {
        "proxy_pass": 1, "proxy_http_version": 1, "proxy_set_header": 2, "proxy_next_upstream": 1,
        "proxy_max_temp_file_size": 1,
    },
}  # fmt: skip


@dataclass(slots=True)
class Directive:
    """A directive of either language: its words, and what stands in its braces."""

    words: list[str]
    inside: list[Directive] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.words[0] if self.words else ""

    def find(self, *path: str) -> list[Directive]:
        """The directives at a path of names below this one."""
        found = [each for each in self.inside if each.name == path[0]]
        return [deep for each in found for deep in each.find(*path[1:])] if path[1:] else found

    def value(self, *path: str) -> str:
        """The last word of the one directive at a path."""
        [found] = self.find(*path)
        return found.words[-1]


def tokens(text: str, ends_at_line: bool) -> Iterator[str]:
    """Words, braces and ends of directives: `;`, or the end of a line."""
    for line in text.splitlines():
        for quoted, word, mark in re.findall(r'"([^"]*)"|([^\s;{}"]+)|([;{}])', line.partition("#")[0]):
            yield mark or word or quoted
        if ends_at_line:
            yield ";"


def parse(text: str, ends_at_line: bool) -> Directive:
    """Read nested directives. Raises AssertionError where a brace or an end is missing."""
    root = Directive([])
    open_ones, words = [root], list[str]()
    for token in tokens(text, ends_at_line):
        if token == "{":
            open_ones.append(Directive(words))
            open_ones[-2].inside.append(open_ones[-1])
            words = []
        elif token == "}":
            assert not words, f"no end before the brace: {words}"
            assert len(open_ones) > 1, "a brace too many"
            open_ones.pop()
        elif token != ";":
            words.append(token)
        elif words:
            open_ones[-1].inside.append(Directive(words))
            words = []
    assert (open_ones, words) == ([root], []), "something is left open"
    return root


def sample(language: str) -> str:
    [block] = blocks(PAGE, language)
    return block.text


def nginx() -> Directive:
    return parse(sample("nginx"), ends_at_line=False)


def caddy() -> Directive:
    return parse(sample("caddy"), ends_at_line=True)


def in_bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+)(\w+)", text)
    assert found is not None
    return int(found[1]) * UNITS[found[2]]


def faults(block: Directive) -> Iterator[str]:
    """Directives of nginx that do not belong where they stand, or lack arguments."""
    for each in block.inside:
        least = NGINX[block.name].get(each.name)
        if least is None or len(each.words) - 1 < least:
            yield f"{block.name or 'top'}: {' '.join(each.words)}"
        if each.inside:
            yield from faults(each)


def test_nginx_knows_each_directive_where_it_stands() -> None:
    assert list(faults(nginx())) == []
    zones = {each.words[2] for each in nginx().inside if each.name.endswith("_zone")}
    used = [nginx().find("server", name)[0].words[1] for name in ("limit_conn", "limit_req")]
    assert {f"zone={name.removeprefix('zone=')}" for name in used} == {
        zone.partition(":")[0] for zone in zones
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "server { listen 443 }",
        "server { listen 443;",
        "server { } }",
        "server { lissten 443; }",
        "listen 443;",
    ],
)
def test_wrong_nginx_is_found(wrong: str) -> None:
    try:
        found = list(faults(parse(wrong, ends_at_line=False)))
    except AssertionError:
        return
    assert found


def test_both_lead_to_tracker() -> None:
    listening = f"{DEFAULTS['TRACKER_HOST']}:{DEFAULTS['PORT']}"
    assert nginx().value("upstream", "server") == listening
    assert (
        nginx().value("server", "location", "proxy_pass") == f"http://{nginx().find('upstream')[0].words[1]}"
    )
    assert caddy().value("events.example.com", "reverse_proxy") == listening
    assert nginx().value("server", "server_name") == "events.example.com"


def test_both_pass_what_tracker_takes_and_no_more() -> None:
    most = max(entry.command.max_body_bytes for entry in load_commands())
    assert in_bytes(nginx().value("server", "client_max_body_size")) == most
    assert in_bytes(caddy().value("events.example.com", "request_body", "max_size")) == most
    [buffers] = nginx().find("server", "large_client_header_buffers")
    head = in_bytes(caddy().find("")[0].value("servers", "max_header_size"))
    assert int(buffers.words[1]) * in_bytes(buffers.words[2]) == head == 64 * 2**10


def test_both_close_idle_connections_before_tracker_does() -> None:
    [kept] = re.findall(r"^keepalive = (\d+)$", (ROOT / "tracker/gunicorn_conf.py").read_text(), re.MULTILINE)
    ours = nginx().value("upstream", "keepalive_timeout")
    assert ours == caddy().value("events.example.com", "reverse_proxy", "transport", "keepalive")
    assert int(ours.removesuffix("s")) < int(kept)


def test_both_wait_as_long_for_a_head() -> None:
    waited = caddy().find("")[0].value("servers", "timeouts", "read_header")
    assert waited == nginx().value("server", "client_header_timeout")


def test_nginx_lets_pass_what_the_limits_of_tracker_do() -> None:
    """A back end at the full rate of event.track is not stopped before Tracker would."""
    [zone] = nginx().find("limit_req_zone")
    rate = int(zone.words[-1].removeprefix("rate=").removesuffix("r/s"))
    [track] = [entry.command for entry in load_commands() if entry.command.name == "event.track"]
    assert track.rate_limit == "5000 per 60 seconds"
    assert rate * 60 >= 5000


def test_nginx_repeats_nothing_and_names_the_client() -> None:
    inside = nginx().find("server", "location")[0]
    assert inside.value("proxy_next_upstream") == "off"
    headers = {each.words[1]: each.words[2] for each in inside.find("proxy_set_header")}
    assert headers == {"Connection": "", "Host": "$host", "X-Forwarded-For": "$proxy_add_x_forwarded_for"}


def test_health_is_told_as_it_is() -> None:
    assert [row[0] for row in cells(PAGE, "Health")] == ["`/health`", "`/ready`"]
    [expected] = re.findall(r"\"database\":\"\((\w+)\|(\w+)\)\"", sample("haproxy"))
    assert set(expected) == {"ready", "away"}
