"""Which requests cost the most for the least? Bodies of strangers, each with how it is sent; tests and figures are made of them."""

from __future__ import annotations

import base64
import gzip
import random
from dataclasses import dataclass, field
from functools import cached_property

MEBIBYTE = 1024 * 1024
JSON, LINES, FORM = "application/json", "application/x-ndjson", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


@dataclass(frozen=True)
class Nasty:
    """One body. `is_packed`: it is sent as gzip."""

    name: str
    content_type: str
    body: bytes
    is_packed: bool = False
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def sent(self) -> bytes:
        return gzip.compress(self.body, mtime=0) if self.is_packed else self.body


def _filled(start: bytes, unit: bytes, end: bytes, size: int = MEBIBYTE) -> bytes:
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def _part(head: bytes, content: bytes = b"x") -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content + b"\r\n"


def _item(unit: bytes, size: int = MEBIBYTE) -> bytes:
    return _filled(b'{"Events":[{"a":[0', unit, b"]}]}", size)


_KB = 1024
_KEYS = b"{" + b",".join(b'"%d":1' % number for number in range(90_000)) + b"}"
#: What no packing makes smaller than 12 KB.
_NOISE = random.Random(0).randbytes(12 * _KB).hex().encode()
_FORM_64K = 64 * _KB


def _parameters(begin: bytes, name: bytes, count: int) -> bytes:
    return begin + b"".join(b',"' + name % number + b'":1' for number in range(count)) + b"}"


NASTY = (
    # those that were reported
    Nasty("multipart, one name of 500,000 \\\"", MULTIPART, _part(b'name="%s"' % (b'\\"' * 500_000)) + b"--b--\r\n", True),
    Nasty("JSON, 330,000 {} in one item", JSON, _item(b",{}"), True),
    Nasty("JSON, 330,000 {} beside Events", JSON, _filled(b'{"Events":[{}],"a":[0', b",{}", b"]}"), True),
    Nasty("JSON, 170,000 x 1e300 in one item", JSON, _item(b",1e300"), True),
    Nasty("form, %61[%62]=%63 x 20,000", FORM, b"&".join([b"%61[%62]=%63"] * 20_000), True),
    Nasty("form, 1 MB of %41", FORM, _filled(b"a=", b"%41", b""), True),
    Nasty("JSON, [[[[[]]]]] x 90,000", JSON, _item(b",[[[[[]]]]]"), True),
    Nasty("NDJSON, 340,000 x {}", LINES, _filled(b"", b"{}\n", b""), True),
    Nasty("form, a[]= x 13,000", FORM, b"&".join([b"a[]="] * 13_000), True),
    # their neighbours, packed where that makes them small
    Nasty("JSON, 330,000 {} unpacked", JSON, _item(b",{}")),
    Nasty("JSON, 15,000 unknown parameters", JSON, _parameters(b'{"Unknown":[1]', b"p%d", 15_000)),
    Nasty("JSON, 15,000 long unknown parameters", JSON, _parameters(b'{"Events":[{"Event":""}]', b"p%044d", 15_000)),
    Nasty("JSON, 64 KiB of {}", JSON, _filled(b'{"a":[0', b",{}", b"]}", _FORM_64K)),
    Nasty("JSON, 31,000 {} in one item", JSON, _item(b",{}", 3 * 31_000)),
    Nasty("JSON, 31,000 {} and a fault", JSON, _item(b",{}", 3 * 31_000) + b"x"),
    Nasty("JSON, one item of 90,000 names", JSON, b'{"Events":[' + _KEYS + b"]}", True),
    Nasty("JSON, 64 KiB of names", JSON, _KEYS[: _FORM_64K - 1].rpartition(b",")[0] + b"}"),
    Nasty("JSON, 31,000 integers of 20 digits and a fault", JSON, _item(b",18446744073709551615", 21 * 31_000) + b"x"),
    Nasty("JSON, [ x 1,000,000", JSON, b"[" * 1_000_000, True),
    Nasty("JSON, half a million levels", JSON, b"[" * 500_000 + b"]" * 500_000, True),
    Nasty("JSON, 2,900 items, the last no JSON", JSON, b'{"Events":[' + b",".join([b"{}"] * 2_900) + b",{]}"),
    Nasty("JSON, 2,900 items and a half", JSON, b'{"Events":[' + b",".join([b'{"a":"\\ud800"}'] * 2_900) + b",5"),
    Nasty("JSON, 1 MB of \\ud83d", JSON, _filled(b'{"Event":"', b"\\ud83d", b'"}'), True),
    Nasty("JSON, 64 KiB of \\ud83d", JSON, _filled(b'{"Event":"', b"\\ud83d", b'"}', _FORM_64K)),
    Nasty("JSON, 64 KiB of cut UTF-8", JSON, _filled(b'{"Event":"', b"\xc3", b'"}', _FORM_64K)),
    Nasty("JSON, \\ud83d after 60 KiB of 1e300", JSON, _filled(b'{"a":[0', b",1e300", b'],"b":"\\ud83d"}', _FORM_64K)),
    Nasty("JSON, 1 MB of \\\"", JSON, _filled(b'{"Event":"', b'\\",', b'"}'), True),
    Nasty("JSON, 1 MB of commas in a string", JSON, _filled(b'{"Event":5,"a":"', b",", b'"}'), True),
    Nasty("JSON, strings of a comma", JSON, _item(b',","'), True),
    Nasty("JSON, a number of 1 MB", JSON, _filled(b'{"a":', b"1", b"}"), True),
    Nasty("JSON, 1 MB of white space", JSON, b" " * MEBIBYTE, True),
    Nasty("JSON, 1 MB of trk_", JSON, _filled(b'{"a":"', b"trk_", b'"}'), True),
    Nasty("NDJSON, 1 MB of line ends", LINES, b"\n" * MEBIBYTE, True),
    Nasty("NDJSON, a line of 330,000 {}", LINES, _filled(b'{"a":[0', b",{}", b"]}"), True),
    Nasty("NDJSON, 1,001 lines", LINES, b'{"a":"\\ud800"}\n' * 1_001, True),
    # as much as may be unpacked: each is a hundred times its size
    Nasty("JSON, 330,000 {}, packed less", JSON, _item(b",{}", MEBIBYTE - len(_NOISE)) + _NOISE, True),
    Nasty("JSON, 31,000 {} and noise", JSON, _item(b",{}", 3 * 31_000)[:-2] + b'],"b":"' + _NOISE + b'"}', True),
    Nasty("JSON, 1 MB of \\\", packed less", JSON, _filled(b'{"Event":"', b'\\",', _NOISE), True),
    Nasty("JSON, 1 MB of commas, packed less", JSON, _filled(b'{"a":"', b",", _NOISE), True),
    Nasty("JSON, 1 MB of trk_, packed less", JSON, _filled(b'{"a":"', b"trk_", _NOISE), True),
    Nasty("NDJSON, 340,000 x {}, packed less", LINES, _filled(b"", b"{}\n", _NOISE), True),
    Nasty("gzip of 20 MB", JSON, bytes(20_000_000), True),
    Nasty("gzip that breaks off", JSON, gzip.compress(_item(b",{}"))[:-9], headers={"Content-Encoding": "gzip"}),
    Nasty("gzip, 101 members", JSON, gzip.compress(b" " * 600) * 101, headers={"Content-Encoding": "gzip"}),
    Nasty("form, 64 KiB of %41", FORM, _filled(b"a=", b"%41", b"", _FORM_64K)),
    Nasty("form, 64 KiB of %ff", FORM, _filled(b"a=", b"%ff", b"", _FORM_64K)),
    Nasty("form, 64 KiB of brackets", FORM, _filled(b"a", b"[a]", b"=1", _FORM_64K)),
    Nasty("form, 600 names of 31 brackets", FORM, b"&".join([b"a" + b"[a]" * 31 + b"=1"] * 600)),
    Nasty("form, 64 KiB of &", FORM, b"&" * _FORM_64K),
    Nasty("multipart, 800 parts", MULTIPART, _part(b'name="a[]"') * 800 + b"--b--\r\n"),
    Nasty("multipart, 64 KiB of \\\"", MULTIPART, _part(b'name="%s"' % (b'\\"' * 32_000)) + b"--b--\r\n"),
    Nasty("multipart, 8 names of 8 KB", MULTIPART, _part(b'name="%s"' % (b'\\"' * 3_900)) * 8 + b"--b--\r\n"),
    Nasty("multipart, 10,000 parameters", MULTIPART, _part(b'name="a"' + b"; a=b" * 10_000) + b"--b--\r\n"),
    Nasty("multipart, 64 KiB of line ends", MULTIPART, _part(b'name="a"', b"\r\n" * 32_000) + b"--b--\r\n"),
    Nasty("multipart without an end", MULTIPART, _part(b'name="a"') * 90),
    Nasty("query of 8 KB, a[]=", FORM, b"", query="&".join(["a[]="] * 1_630)),
    Nasty("query of 8 KB, %61[%62]=%63", FORM, b"", query="&".join(["%61[%62]=%63"] * 620)),
    Nasty("query of 8 KB, %ff", FORM, b"", query="a=" + "%ff" * 2_700),
    Nasty("cookies of 8 KB", JSON, b"{", headers={"Cookie": "; ".join(["a=b"] * 1_600)}),
    Nasty("X-Forwarded-For of 8 KB", JSON, b"{", headers={"X-Forwarded-For": ", ".join(["::1"] * 1_600)}),
    Nasty("a Content-Type of 8 KB", f"multipart/form-data{'; a=b' * 1_600}; boundary=b", b"--b--\r\n"),
)  # fmt: skip


def _list(begin: bytes, thing: bytes, end: bytes, count: int) -> bytes:
    return begin + b",".join([thing] * count) + end


#: What an SDK's door would take long to read: the path below a list's address, and the body. The list is `LIST` in it.
AT_SDKS = (
    ("segment/v1/batch", Nasty("31,000 messages that are none", JSON, _list(b'{"batch":[', b"1", b"]}", 31_000))),
    ("segment/v1/batch", Nasty("10,000 messages without an id", JSON, _list(b'{"batch":[', b'{"type":"track"}', b"]}", 10_000))),
    ("segment/v1/batch", Nasty("2,000 empty messages", JSON, _list(b'{"batch":[', b"{}", b"]}", 2_000))),
    ("posthog/batch", Nasty("5 MiB of commas", JSON, _filled(b'{"a":"', b",", b"", 5 * MEBIBYTE))),
    ("posthog/e", Nasty("a form of 1 MiB", FORM, _filled(b"data=", b"%41", b""))),
    ("posthog/batch", Nasty("good events for no list", JSON, _list(b'{"api_key":"nobody","batch":[', b'{"event":"a","distinct_id":"b"}', b"]}", 1_900))),
    ("mixpanel/track", Nasty("2 MiB of %41", FORM, _filled(b"data=", b"%41", b"", 2 * MEBIBYTE))),
    ("mixpanel/track", Nasty("halves of characters", FORM, b"data=" + base64.b64encode(b'["' + b"\xed\xa0\xbd" * 100_000 + b'"]'))),
    ("snowplow/a/tp2", Nasty("texts that are no JSON", JSON, _list(b'{"schema":"/payload_data/","data":[', b'{"e":"ue","ue_pr":"[1}"}', b"]}", 300))),
    ("snowplow/a/tp2", Nasty("texts of 4,000 values", JSON, _list(b'{"schema":"/payload_data/","data":[', b'{"e":"pv","co":"[%s1]"}' % (b"1," * 4_000), b"]}", 100))),
    ("matomo/matomo.php", Nasty("500 queries of 500 parameters", JSON, _list(b'{"requests":[', b'"?rec=1%s"' % (b"&a=b" * 499), b"]}", 500))),
    ("matomo/matomo.php", Nasty("200 queries of broken escapes", JSON, _list(b'{"requests":[', b'"?rec=1&a=%s"' % (b"%41%" * 500), b"]}", 200))),
    ("countly/i", Nasty("2,000 events in a form", FORM, b"device_id=a&app_key=LIST&events=" + _list(b"%5B", b"%7B%7D", b"%5D", 2_000))),
    ("countly/i", Nasty("400 KiB of %41", FORM, _filled(b"device_id=a&app_key=LIST&events=", b"%41", b"", 400 * _KB))),
)  # fmt: skip
