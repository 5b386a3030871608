"""Command documentation in Markdown: summary, description, permissions and rate limit, and a table of parameters."""

from __future__ import annotations

import inspect

from tracker.caller import ADMINISTRATOR
from tracker.openapi.schemas import JsonSchema
from tracker.registry import Command, administrator, anyone, public_list


def summary(command: type[Command]) -> str:
    """Return the first sentence of the docstring as plain text."""
    return _parted(command)[0].replace("`", "")


def description(command: type[Command], limit: str) -> str:
    """Return the rest of the docstring as Markdown, followed by credential, permission and rate limit."""
    return "\n\n".join(filter(None, [_parted(command)[1], _rules(command, limit)]))


def parameter_table(params: JsonSchema) -> str:
    """Return Markdown with a line per parameter: nowhere else does the page show all parameters of a body at once."""
    required = params.get("required", [])
    lines = [
        f"| {name} | {_type(schema)} | {'Yes' if name in required else 'No'} | {_cell(schema)} |"
        for name, schema in params["properties"].items()
    ]
    return (
        "\n".join(["| Parameter | Type | Required | Description |", "|---|---|---|---|", *lines])
        if lines
        else ""
    )


def _parted(command: type[Command]) -> tuple[str, str]:
    """Return the docstring's first sentence, and the rest."""
    first, _, rest = inspect.cleandoc(command.__doc__ or "").partition("\n\n")
    sentence, _, same_paragraph = " ".join(first.split()).partition(". ")
    return sentence.rstrip("."), "\n\n".join(filter(None, [same_paragraph, rest]))


def _rules(command: type[Command], limit: str) -> str:
    if command.permission is anyone:
        return f"- Credential: none\n- Rate limit: {limit} for each client address"
    if command.permission is public_list:
        credential = "- Credential: only a list's public id as `EventListTrackerID`"
        of_address = f", and {command.address_limit} for each client address" if command.address_limit else ""
        return f"{credential}\n- Rate limit: {limit} for each list{of_address}"
    lines = ["- Credential: an API key or a session"]
    if command.permission is administrator:
        lines.append(
            f"- For administrators: a session opened with the password, or a key with the permission `{ADMINISTRATOR}`"
        )
    elif command.permission:
        lines.append(f"- Required permission: `{command.permission}`")
    return "\n".join([*lines, f"- Rate limit: {limit} for each user"])


def _type(schema: JsonSchema) -> str:
    kinds = schema.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _cell(schema: JsonSchema) -> str:
    return " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
