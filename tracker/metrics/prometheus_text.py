"""Prometheus text: families of samples in the text format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NOTHING: Mapping[str, str] = {}


class MetricSample(NamedTuple):
    """One line: its labels, its value, and what follows the name of its family (`_sum` of a histogram)."""

    value: float
    labels: Mapping[str, str] = NOTHING
    suffix: str = ""


class Family(NamedTuple):
    """The samples of one metric. `kind` is counter, gauge or histogram."""

    name: str
    kind: str
    meaning: str
    samples: list[MetricSample]

    @classmethod
    def gauge(cls, name: str, meaning: str, value: float) -> Family:
        return cls(name, "gauge", meaning, [MetricSample(value)])


def as_text(families: Iterable[Family]) -> str:
    """Return the families as text."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.meaning, quote=False)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        yield f"{family.name}{sample.suffix}{_labels(sample.labels)} {_number(sample.value)}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value, quote=True)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def _escaped(text: str, quote: bool) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quote else text


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))
