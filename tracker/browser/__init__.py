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
#: Calls made before the script is there wait in `q`. A script that finds `v` set does not start: it is held back on
#: `?oct=off` for good, which `oct` in localStorage remembers, and on `?oct=debug` until the debug script has begun.
_STUB = (
    "(function(w,n,d){{var o=w[n]=w[n]||{{}},m=/[?&]oct=(on|off|debug)\\b/.exec(w.location.search),s;o.q=o.q||[];"
    "try{{if(m)localStorage.oct=m[1];s=localStorage.oct}}catch(e){{s=m&&m[1]}}"
    'if(m||/debug|off/.test(s))o.v="held";if(/off/.test(s))o.q={{push:function(){{}}}};'
    'if(m||/debug/.test(s))d.addEventListener("DOMContentLoaded",function(){{'
    'var t=d.querySelector("script[data-to]"),b=d.createElement("script");if(!t)return;'
    "function go(){{if(/off/.test(s))return;delete o.v;var c=d.createElement(t.tagName);"
    "[].forEach.call(t.attributes,function(a){{c.setAttribute(a.name,a.value)}});if(t.nonce)c.nonce=t.nonce;d.head.appendChild(c)}}if(t.integrity)return go();b.onload=b.onerror=go;"
    'b.src=t.src.replace(/(\\.[0-9a-f]{{16}})?\\.js$/,".debug.js");if(t.nonce)b.nonce=t.nonce;d.head.appendChild(b)}});'
    '"eventP eventI eventT eventC consent".split(" ").forEach(function(m){{'
    'o[m]=o[m]||function(){{o.q.push([m,arguments])}}}})}})(window,"{name}",document)'
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
    """Return the lines for a page's head; `events_url` is the list's collect endpoint."""
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
    return f"<script>{_STUB.format(name=OBJECT)}</script>\n<script async {written}></script>"


def snippet_of_list(places: BrowserAddresses, tracker_id: str, is_privacy_signal_honoured: bool) -> str:
    """Return the lines for the head of a website that is tracked into the list with this public id."""
    events_url = f"{places.public_url}{places.collect_path}/{tracker_id}"
    return snippet(f"{places.public_url}{places.script_path}", events_url, is_privacy_signal_honoured)
