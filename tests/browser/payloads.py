"""What would somebody call an event, a list or themselves to run a script in our pages? `make faults` has two hundred ways."""

from __future__ import annotations

from tests.faults.run_length import run_length

#: Each calls `ran` where it runs, which a test sets up, or asks for something from elsewhere.
CANARY = "http://127.0.0.1:9/canary"
_SCRIPTS = (
    "<script>ran()</script>",
    f"<script src={CANARY}></script>",
    "<img src=x onerror=ran()>",
    "<svg onload=ran()>",
    "<svg><script>ran()</script></svg>",
    "<svg><animate onbegin=ran() attributeName=x>",
    '<iframe src="javascript:parent.ran()"></iframe>',
    '<iframe srcdoc="<script>parent.ran()</script>"></iframe>',
    "<input autofocus onfocus=ran()>",
    "<details open ontoggle=ran()>",
    "<video><source onerror=ran()></video>",
    "<body onload=ran() onpageshow=ran()>",
    "<object data='data:text/html,<script>parent.ran()</script>'>",
    f"<link rel=stylesheet href={CANARY}>",
    f"<style>*{{background:url({CANARY})}}</style>",
    '<meta http-equiv=refresh content="0;url=javascript:ran()">',
    f"<base href={CANARY}/>",
    "<math><mtext><img src=x onerror=ran()></mtext></math>",
)
#: What they stand behind: the end of whatever they may have been put into.
_WAYS_OUT = (
    "",
    '">',
    "'>",
    "</textarea>",
    "</title>",
    "</style>",
    "</script>",
    "-->",
    "</template>",
    "</svg></dialog>",
)
_OTHERS = (
    "javascript:ran()", "data:text/html,<script>ran()</script>", '" onmouseover=ran() autofocus onfocus=ran() x="',
    "' autofocus onfocus=ran() x='", "{{constructor.constructor('ran()')()}}", "{{ 7*7 }}{% raw %}", "${ran()}`${ran()}`",
    "';ran();//", '\\";ran();//', "&lt;script&gt;ran()&lt;/script&gt;", "&#60;img src=x onerror=ran()&#62;",
    "\\u003cscript\\u003eran()", "%3Cscript%3Eran()%3C/script%3E", "<!-- <![CDATA[ <?php", "__proto__", "constructor",
    "\u202egnp.exe\u202c \u2066\u05d0\u05d1\u2069 \u0645\u0631\u062d\u0628\u0627", "\U0001f469\u200d\U0001f4bb\ufeff\u200b\u0301", "  two  spaces  ", "../../sign-out?next=//evil.example#e1",
)  # fmt: skip
#: Behind each way out stand all scripts, or a sixth of them, which is another each time.
_EVERY = run_length(6, 1)
_BEHIND = [out + script for n, out in enumerate(_WAYS_OUT) for script in _SCRIPTS[n % _EVERY :: _EVERY]]
PAYLOADS = list(dict.fromkeys((*_SCRIPTS, *_BEHIND, *_OTHERS)))
#: As far as an address can go.
EMAILS = tuple(
    f"{local}@example.com"
    for local in (
        "{{7*7}}",
        "${ran``}",
        "'-ran``-'",
        "`ran`",
        "a&lt=1",
        "/*ran*/",
        "\u05d0\u05d1",
        "javascript&colon=ran``",
    )
)
