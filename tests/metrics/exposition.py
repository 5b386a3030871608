"""What does an answer of /metrics say, read by Prometheus's own parser?"""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

#: (name of a sample, its labels as sorted pairs): its value.
Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Exposition:
    """A parsed answer. It must name no sample twice."""

    def __init__(self, text: str) -> None:
        self.kinds: dict[str, str] = {}
        self.numbers: Numbers = {}
        for family in text_string_to_metric_families(text):
            self.kinds[family.name] = family.type
            for sample in family.samples:
                key = sample.name, tuple(sorted(sample.labels.items()))
                assert key not in self.numbers, key
                self.numbers[key] = sample.value

    def of(self, name: str, **labels: str) -> float:
        """The value of a sample; 0 for one that is not there."""
        return self.numbers.get((name, tuple(sorted(labels.items()))), 0.0)

    def labels(self, name: str, label: str) -> set[str]:
        """The values that a label has."""
        return {dict(labels)[label] for found, labels in self.numbers if found == name}

    @property
    def counters(self) -> Numbers:
        """Whatever must never go down."""
        rising = ("_total", "_bucket", "_sum", "_count")
        return {key: value for key, value in self.numbers.items() if key[0].endswith(rising)}
