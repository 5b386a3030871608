"""Browser script: its releases with their integrity hashes, and the snippet that puts one into a page."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

STATIC = Path(__file__).parent / "static"
#: What the script's events say of its release, as `$lib_version`.
LIB_VERSION = "1"
#: The name of the script's object in a page; `data-lobj` gives it another.
OBJECT = "oct"
#: Calls made before the script is there wait in `q`.
_STUB = (
    "(function(w,n,d){{var o=w[n]=w[n]||{{}},s;o.q=o.q||[];"
    '"eventP eventI eventT eventC consent".split(" ").forEach(function(m){{'
    "o[m]=o[m]||function(){{o.q.push([m,arguments])}}}}){hook}"
    '}})(window,"{name}",document)'
)
#: On `?oct=…`, and where a page before has kept such a word, the debug script decides: it leaves own visits out, shows its bar,
#: or starts the script, which does not start by itself where it finds `v`.
_HOOK = (
    ';try{{if(/[?&]oct=[od]/.test(location.search)||localStorage["oct:own"]){{o.v=1;'
    's=d.createElement("script");s.nonce=(d.currentScript||s).nonce;s.src={debug};d.head.appendChild(s)}}}}catch(e){{}}'
)


#: The script of the debug bar, as it is written.
DEBUG = (Path(__file__).parent / "debug.js").read_bytes()


@dataclass(frozen=True, slots=True)
class Script:
    """One release of the script, named by its hash."""

    hash: str
    body: bytes

    @property
    def integrity(self) -> str:
        """Return the Subresource Integrity value with which a page checks a pinned script."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.body).digest()).decode()


class BrowserAddresses(Protocol):
    """Addresses at which browsers reach Tracker, from its settings."""

    @property
    def public_url(self) -> str: ...
    @property
    def script_path(self) -> str: ...
    @property
    def collect_path(self) -> str: ...


@cache
def scripts() -> MappingProxyType[str, Script]:
    """Return every release by its hash. None is ever removed: pages that have pinned one go on loading it."""
    files = sorted(STATIC.glob("*.js"))
    return MappingProxyType({file.stem: Script(file.stem, file.read_bytes()) for file in files})


@cache
def current() -> Script:
    """Return the release that the script's plain path serves."""
    return scripts()[json.loads((STATIC / "current.json").read_text())["current"]]


def pinned_path(path: str, script: Script) -> str:
    """Return the path of one release: `/tracker.<hash>.js` for `/tracker.js`."""
    return f"{path.removesuffix('.js')}.{script.hash}.js"


def debug_path(path: str) -> str:
    """Return the path of the debug bar's script: `/tracker.debug.js` for `/tracker.js`."""
    return f"{path.removesuffix('.js')}.debug.js"


def snippet(
    script_url: str, events_url: str, is_privacy_signal_honoured: bool = False, pinned: Script | None = None
) -> str:
    """Return the lines for a page's head; `events_url` is the list's collect endpoint.

    Those of a pinned release load nothing that is not pinned, so they know no `?oct=…`.
    """
    attributes = {"src": script_url, "data-to": events_url}
    if pinned is not None:
        attributes |= {
            "src": pinned_path(script_url, pinned),
            "integrity": pinned.integrity,
            "crossorigin": "anonymous",
        }
    if is_privacy_signal_honoured:
        attributes["data-gpc"] = "1"
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    debug = json.dumps(debug_path(script_url)).replace("<", "\\u003c")
    stub = _STUB.format(name=OBJECT, hook="" if pinned else _HOOK.format(debug=debug))
    return f"<script>{stub}</script>\n<script async {written}></script>"


def snippet_of_list(places: BrowserAddresses, tracker_id: str, is_privacy_signal_honoured: bool) -> str:
    """Return the lines for the head of a website that is tracked into the list with this public id."""
    events_url = f"{places.public_url}{places.collect_path}/{tracker_id}"
    return snippet(f"{places.public_url}{places.script_path}", events_url, is_privacy_signal_honoured)
