"""Which answer does a request deserve, going by the document alone? An opinion that knows nothing of the code."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from requests import PreparedRequest

from tests.reply_schemas import document

#: Beside a key in the header nobody looks at them; `user.login` takes an APIKey that is no credential.
CREDENTIALS = ("APIKey", "SessionID")
_OWN = {"user.login": {"APIKey"}}

#: To JSON Schema 1.0 is an integer; to the commands it is none.
_Validator: Any = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


@functools.cache
def commands() -> dict[str, dict[str, Any]]:
    """The schema of each command's parameters, by the command's name."""
    schemas = document()["components"]["schemas"].items()
    return {name.removesuffix(".Request"): schema for name, schema in schemas if name.endswith(".Request")}


def parameters_of(request: PreparedRequest) -> tuple[dict[str, Any], bool] | None:
    """The parameters as sent, and whether they are all text; None for what this module has no opinion on: forms."""
    if request.body:
        kind = str(request.headers.get("Content-Type", "")).partition(";")[0]
        value = _json(request.body) if kind == "application/json" else None
        return (value, False) if isinstance(value, dict) and "?" not in (request.url or "") else None
    pairs = parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True)
    has_nested = any("[" in name or "]" in name for name, _ in pairs)
    return None if has_nested else (dict(pairs), True)


def is_valid(command: str, params: Mapping[str, Any], is_text: bool) -> bool:
    """Whether the document allows these parameters, once they are read as its guide says they are."""
    ignored = set(CREDENTIALS) - _OWN.get(command, set())
    read = dict(_as_read(commands()[command]["properties"], params, is_text))
    return bool(_validator(command).is_valid({k: v for k, v in read.items() if k not in ignored}))


@functools.cache
def _validator(command: str) -> Any:
    reference = {"$ref": f"#/components/schemas/{command}.Request"}
    return _Validator({**reference, "components": document()["components"]})


def _as_read(
    properties: Mapping[str, Any], params: Mapping[str, Any], is_text: bool
) -> Iterator[tuple[str, Any]]:
    folded = {name.lower(): name for name in properties}
    for sent, value in params.items():
        name = folded.get(sent.lower())
        is_other_spelling = name is not None and sent != name and name in params
        if name is None or is_other_spelling or value is None or (is_text and value == ""):
            continue
        yield name, _value_as_read(properties[name], value)


def _value_as_read(schema: Mapping[str, Any], value: Any) -> Any:
    """Digits are a number, an empty list is an object, and so is JSON in a string; words may be in any letter case."""
    words = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if isinstance(value, str) and schema.get("type") == "integer":
        return int(value) if value.isascii() and value.isdigit() else value
    if isinstance(value, str) and words:
        return {word.lower(): word for word in words}.get(value.lower(), value)
    if schema.get("type") == "object":
        return {} if value == [] else _json(value) if isinstance(value, str) else value
    return value


def _json(text: str | bytes) -> Any:
    """The value, or None for what is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None
