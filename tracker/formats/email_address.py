"""Email addresses: validation, and the key under which spellings of one address are equal, for subscribers and users."""

from __future__ import annotations

import re
import unicodedata

import idna

#: Bytes by RFC 5321: the longest address that fits a forward path, and the longest local part.
MAX_ADDRESS_BYTES, MAX_LOCAL_BYTES = 254, 64

#: Characters removed at both ends: copying from a page or a spreadsheet adds them.
_EDGES = " \t\n\v\f\r\u00a0\ufeff"
#: RFC 5321's Dot-string. Quoted local parts are refused: nobody has one, and mistakes look like them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#: At least one dot, and a last label that is no number (an IP address is no mail domain).
_DOMAIN = rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}"
_PLAIN = re.compile(rf"(?=[^@]{{1,{MAX_LOCAL_BYTES}}}@){_ATOM}(?:\.{_ATOM})*@{_DOMAIN}")
#: The characters that UTS 46 maps to a dot.
_DOTS = re.compile("[.。．｡]")
_ASCII_DOMAIN = re.compile(_DOMAIN)
_ASCII_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def email_key(text: str) -> tuple[str, str] | None:
    """Return `(shown, key)` of an address, or None if `text` is no address.

    `shown` is the address as given, trimmed. Two spellings are one address when their keys are equal: the key is
    lower-case, its domain in A-labels (`bücher.example` is `xn--bcher-kva.example`). A local part may hold letters of
    any script (RFC 6531); it is compared in NFC.
    """
    shown = text.strip(_EDGES)
    if shown.isascii():
        is_address = len(shown) <= MAX_ADDRESS_BYTES and _PLAIN.fullmatch(shown)
        return (shown, shown.lower()) if is_address else None
    return _international(shown)


def sendable(shown: str, key: str) -> str | None:
    """Return an address, of which `email_key` made these, as a server without SMTPUTF8 takes it: with the domain in A-labels.

    None: its local part is not ASCII.
    """
    local, domain = shown.partition("@")[0], key.partition("@")[2]
    return f"{local}@{domain}" if local.isascii() else None


def begun_label(search: str) -> tuple[str, str] | None:
    """Split the beginning of an address inside its domain into (key up to the last label, beginning of that label).

    Keys hold A-labels, which do not begin as the name does: `user@mün` is no prefix of `user@xn--mnchen-3ya.de`. Returns
    None if the domain has not begun, or a label before is invalid.
    """
    local, at, domain = search.strip(_EDGES).partition("@")
    *whole, begun = _DOTS.split(domain)
    key, labels = _local_key(local), [_label_key(label) for label in whole]
    if not at or not key or not all(labels):
        return None
    return "".join((key, "@", *(f"{label}." for label in labels))), unicodedata.normalize(
        "NFC", begun.lower()
    )


def shown_label(label: str) -> str:
    """Return a label of a key as people write it: `münchen` for `xn--mnchen-3ya`; other labels as they are."""
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _label_key(label: str) -> str:
    """Return the label as an A-label, or "" if it is invalid."""
    try:
        return idna.encode(label, uts46=True).decode().lower()
    except UnicodeError:
        return ""


def _international(shown: str) -> tuple[str, str] | None:
    local, at, domain = shown.partition("@")
    key = f"{_local_key(local)}@{_domain_key(domain)}" if at and len(shown) <= MAX_ADDRESS_BYTES else ""
    is_address = key and not key.startswith("@") and not key.endswith("@")
    return (shown, key) if is_address and _fits(shown) and _fits(key) else None


def _fits(address: str) -> bool:
    size = len(address.encode())
    return size <= MAX_ADDRESS_BYTES and len(address.partition("@")[0].encode()) <= MAX_LOCAL_BYTES


def _local_key(local: str) -> str:
    """Return the local part in lower case and NFC, or "": visible characters only, and its ASCII by ASCII's rules."""
    if any(unicodedata.category(character)[0] in "CZ" for character in local):
        return ""
    key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())
    as_ascii = "".join(character if character.isascii() else "x" for character in key)
    return key if _ASCII_LOCAL.fullmatch(as_ascii) else ""


def _domain_key(domain: str) -> str:
    """Return the domain in A-labels (IDNA 2008 after the mapping of UTS 46), or "" if it is invalid."""
    try:
        name = idna.encode(domain, uts46=True).decode().lower()
    except UnicodeError:  # idna's errors are of this kind
        return ""
    return name if _ASCII_DOMAIN.fullmatch(name) else ""
