"""Questions: descriptions of what a report asks, checked when they are made, free of SQL, storage and the wire."""

from __future__ import annotations

from tracker.questions.cells import Cell, FunnelCell, RetentionCell
from tracker.questions.conditions import (
    NEGATED,
    NUMERIC,
    PLAIN_NUMBER,
    REGEX,
    WITHOUT_VALUES,
    BadQuestion,
    Condition,
    Of,
    Operator,
    Where,
    canonical_number,
    canonical_text,
    plain_number,
)
from tracker.questions.funnel_plan import FunnelPlan
from tracker.questions.local_days import auto_interval, bucket_begins
from tracker.questions.measures import ADDITIVE, OPENED_MEASURES, SIMPLE_MEASURES, Measure, measure_of
from tracker.questions.question import (
    INTERVALS,
    Breakdown,
    EventIds,
    Funnel,
    Head,
    People,
    Question,
    Retention,
    Trend,
    Values,
    Visit,
    Visits,
)
from tracker.questions.question_json import decode, encode
from tracker.questions.regex_faults import regex_fault
from tracker.questions.retention_plan import RetentionPlan
from tracker.questions.subjects import ANYTHING, IDENTIFY, Dimension, Goal
from tracker.questions.time_range import DEFAULT_FROM, DEFAULT_TO, TimeRange, moment_of_word, resolve

__all__ = [
    "ADDITIVE",
    "ANYTHING",
    "DEFAULT_FROM",
    "DEFAULT_TO",
    "IDENTIFY",
    "INTERVALS",
    "NEGATED",
    "NUMERIC",
    "OPENED_MEASURES",
    "PLAIN_NUMBER",
    "REGEX",
    "SIMPLE_MEASURES",
    "WITHOUT_VALUES",
    "BadQuestion",
    "Breakdown",
    "Cell",
    "Condition",
    "Dimension",
    "EventIds",
    "Funnel",
    "FunnelCell",
    "FunnelPlan",
    "Goal",
    "Head",
    "Measure",
    "Of",
    "Operator",
    "People",
    "Question",
    "Retention",
    "RetentionCell",
    "RetentionPlan",
    "TimeRange",
    "Trend",
    "Values",
    "Visit",
    "Visits",
    "Where",
    "auto_interval",
    "bucket_begins",
    "canonical_number",
    "canonical_text",
    "decode",
    "encode",
    "measure_of",
    "moment_of_word",
    "plain_number",
    "regex_fault",
    "resolve",
]
