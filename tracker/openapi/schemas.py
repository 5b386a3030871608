"""JSON Schemas of the parameters and answers of commands."""

from __future__ import annotations

from typing import Any, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from tracker.registry import Entry, public_list

JsonSchema = dict[str, Any]

#: Keywords of JSON Schema 2020-12 in a field's metadata that apispec does not copy.
_MORE_KEYWORDS = (
    "const",
    "contentMediaType",
    "dependentRequired",
    "patternProperties",
    "prefixItems",
    "propertyNames",
)

CREDENTIALS: dict[str, JsonSchema] = {
    "APIKey": {"type": "string", "description": "API key, if there is no `Authorization` header"},
    "SessionID": {
        "type": "string",
        "description": "Session from `user.login`, if there is neither header nor key",
    },
}

PUBLIC_ID: dict[str, JsonSchema] = {
    "EventListTrackerID": {"type": "string", "description": "Public id of the list: the credential"}
}


class SchemaWriter:
    """Adds the schemas of commands to the components of a document, as `<command>.Request` and `<command>.Answer`."""

    def __init__(self, spec: APISpec, marshmallow: MarshmallowPlugin) -> None:
        # The converter is None only until the plugin is given to a document.
        self._spec, self._converter = spec, cast(OpenAPIConverter, marshmallow.converter)
        self._converter.add_attribute_function(_more_keywords)
        self._params: dict[str, JsonSchema] = {}

    def add(self, entry: Entry) -> None:
        name = entry.command.name
        self._params[name] = self._written(entry.params.schema)
        credentials = PUBLIC_ID if entry.command.permission is public_list else CREDENTIALS
        self._spec.components.schema(f"{name}.Request", _request(name, self._params[name], credentials))
        self._spec.components.schema(f"{name}.Answer", self._answer(entry))

    def params(self, entry: Entry) -> JsonSchema:
        """Return the schema of the command's own parameters, without those of every command."""
        return self._params[entry.command.name]

    def _answer(self, entry: Entry) -> JsonSchema:
        declared = entry.command.Answer
        if declared is not None:
            return self._written(declared())
        example = entry.command.example[1] if entry.command.example else {}
        return shape_of(example) | {"required": list(example)}

    def _written(self, schema: Schema) -> JsonSchema:
        written = {"type": "object", "properties": {}, **self._converter.schema2jsonschema(schema)}
        written.pop("additionalProperties", None)  # Unknown parameters are ignored.
        return written


def reference(command: str, part: str) -> JsonSchema:
    """Return a reference to the `Request` or `Answer` of a command."""
    return {"$ref": f"#/components/schemas/{command}.{part}"}


def nested_name(schema: type[Schema] | Schema | str) -> str:
    """Return the component name of a nested schema: its module and class, which no two plugins share."""
    kind = schema if isinstance(schema, type) else type(schema)
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__qualname__}".replace(".<locals>", "")


def shape_of(value: Any) -> JsonSchema:
    """Return the schema of one example, which has types only: an example does not show what else is possible."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: shape_of(item) for name, item in value.items()}}
    if isinstance(value, list):
        return {"type": "array"} | ({"items": shape_of(value[0])} if value else {})
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {}


def _request(command: str, params: JsonSchema, credentials: dict[str, JsonSchema]) -> JsonSchema:
    named = {
        "type": "string",
        "const": command,
        "description": "Name of the command; required at `/api.php`",
    }
    own: dict[str, JsonSchema] = params["properties"]
    return {
        **params,
        "properties": {"Command": named, **own, **{k: v for k, v in credentials.items() if k not in own}},
    }


def _more_keywords(_: Any, field: fields.Field[Any], ret: JsonSchema) -> JsonSchema:
    if ret.get("minLength") == 0:
        del ret["minLength"]  # It has no meaning.
    return {word: field.metadata[word] for word in _MORE_KEYWORDS if word in field.metadata}
