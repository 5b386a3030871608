"""OpenAPI document: assembles schemas, answers and operations of all commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from tracker import __version__
from tracker.openapi.answers import HEADERS, SCHEMAS, common_responses
from tracker.openapi.guide import guide
from tracker.openapi.legacy import LEGACY_PATH, LEGACY_TAG, legacy_operations
from tracker.openapi.operations import PUBLIC_SCHEME, SECURITY_SCHEMES, Operation, operations_by_path
from tracker.openapi.schemas import SchemaWriter, nested_name
from tracker.openapi.sdk_routes import SDK_TAG, sdk_operations
from tracker.registry import Entry, PluginError, Registry
from tracker.sdks import Adapters

Document = dict[str, Any]


def describe(
    registry: Registry,
    limits: Mapping[str, object],
    adapters: Adapters | None = None,
    sdk_path: str = "/sdk",
) -> Document:
    """Return the document. `limits` has each command's rate limit on this instance; `str()` of one is "100 per 60 seconds".

    `adapters` are those of SDKs, whose routes are below `sdk_path`.

    Raises PluginError with one line for a command that cannot be described.
    """
    marshmallow = MarshmallowPlugin(schema_name_resolver=nested_name)
    spec = APISpec("Tracker", __version__, "3.1.0", plugins=[marshmallow], info={"description": guide()})
    writer = SchemaWriter(spec, marshmallow)
    _add_components(spec)
    paths: dict[str, dict[str, Operation]] = {}
    for entry in registry:
        paths |= _add_command(spec, writer, entry, str(limits[entry.command.name]))
    spec.tag(LEGACY_TAG)
    paths[LEGACY_PATH] = legacy_operations(registry, writer)
    if adapters:
        spec.tag(SDK_TAG)
        paths |= sdk_operations(adapters, sdk_path)
    # They are as the document has them, with references: `spec.path` would copy each, and take as long as all the rest.
    return {**spec.to_dict(), "paths": paths}


def _add_components(spec: APISpec) -> None:
    for name, schema in SCHEMAS.items():
        spec.components.schema(name, dict(schema))
    for name, header in HEADERS.items():
        spec.components.header(name, dict(header))
    for name, response in common_responses().items():
        spec.components.response(name, response)
    for name, scheme in (SECURITY_SCHEMES | PUBLIC_SCHEME).items():
        spec.components.security_scheme(name, dict(scheme))


def _add_command(
    spec: APISpec, writer: SchemaWriter, entry: Entry, limit: str
) -> dict[str, dict[str, Operation]]:
    """Add the schemas and the tag of a command, and return its operations by path and method."""
    try:
        writer.add(entry)
        paths = operations_by_path(entry, writer, limit)
    except Exception as failure:  # a plugin's schema may raise anything
        reason = " ".join(f"{type(failure).__name__}: {failure}".split())
        raise PluginError(
            f"{entry.origin}: {entry.command.name}: it cannot be described: {reason}"
        ) from failure
    spec.tag({"name": entry.command.name})
    return paths
