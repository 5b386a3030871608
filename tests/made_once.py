"""What does each application make anew that tests, who have hundreds of them in one process, make once?"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from tracker.http.docs_page import docs
from tracker.openapi import describe
from tracker.registry import Registry
from tracker.registry.params import ParamReader
from tracker.registry.validation import why_invalid
from tracker.sdks import Adapters

if TYPE_CHECKING:
    import pytest

    from tests.warm_process import Patches


def make_once(patch: pytest.MonkeyPatch | Patches) -> None:
    """Have an application cost a fifth: none of this differs between two of the same commands."""
    patch.setattr("tracker.app.describe", _described())
    patch.setattr("tracker.registry.command_table.why_invalid", functools.cache(why_invalid))
    patch.setattr("tracker.registry.command_table.ParamReader", functools.cache(ParamReader))
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": _Templates()})
    patch.setattr(Rule, "compile", _compiled(Rule.compile))
    patch.setattr(Rule, "_compile_builder", _when_called(Rule._compile_builder))  # noqa: SLF001
    patch.setattr("tracker.plugins.entry_points", _installed())
    patch.setattr("tracker.app.docs", _shown())


def _described() -> Callable[[Registry, Mapping[str, object], Adapters, str], Any]:
    """The OpenAPI document, once for each set of commands and limits."""
    made: dict[object, Any] = {}

    def remembered(
        registry: Registry, limits: Mapping[str, object], adapters: Adapters, sdk_path: str
    ) -> Any:
        families = tuple(type(listed.adapter) for listed in adapters)
        key = tuple(entry.command for entry in registry), tuple(sorted(limits.items())), families, sdk_path
        if key not in made:
            made[key] = describe(registry, limits, adapters, sdk_path)
        return made[key]

    return remembered


class _Templates(BytecodeCache):
    """Compiled templates, by the checksum of their source."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if made := self._made.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(made)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def _compiled(compile_rule: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """What each route is found by and what builds its URLs, once for each spelling."""
    made: dict[object, Rule] = {}

    def compiled(rule: Rule) -> None:
        said = (
            rule.rule,
            rule.host,
            rule.subdomain,
            rule.merge_slashes,
            str(rule.defaults),
            rule.map.host_matching,
        )
        like = made.get(said)
        if like is None:
            compile_rule(rule)
            made[said] = rule
            return
        rule._parts, rule._trace, rule._converters = like._parts, like._trace, like._converters  # noqa: SLF001
        rule.arguments = like.arguments
        rule._build = like._build.__func__.__get__(rule, None)  # type: ignore[attr-defined]  # noqa: SLF001
        rule._build_unknown = like._build_unknown.__func__.__get__(rule, None)  # type: ignore[attr-defined]  # noqa: SLF001

    return compiled


def _installed() -> Callable[..., Any]:
    """The entry points, once for each group and path: a plugin is installed where it was not looked for before."""
    look = functools.cache(lambda group, _: entry_points(group=group))
    return lambda *, group: look(group, tuple(sys.path))


def _shown() -> Callable[[Mapping[str, Any]], Blueprint]:
    """The routes of the OpenAPI document: an application keeps them, and changes nothing about them."""
    made: dict[int, tuple[Mapping[str, Any], Blueprint]] = {}

    def remembered(document: Mapping[str, Any]) -> Blueprint:
        if id(document) not in made:
            made[id(document)] = document, docs(document)
        return made[id(document)][1]

    return remembered


def _when_called(compile_builder: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """Compile what builds the URLs of a route when the first one is built: of most routes nobody builds any."""

    def compiled_later(rule: Rule, append_unknown: bool = True) -> Any:
        made = functools.cache(lambda: compile_builder(rule, append_unknown))

        def build(rule: Rule, *args: Any, **values: Any) -> Any:
            return made()(rule, *args, **values)

        return build

    return compiled_later
