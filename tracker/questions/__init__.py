"""Questions: descriptions of what a report asks, checked when they are made, free of SQL, storage and the wire."""

from __future__ import annotations

from tracker.questions.attribution_plan import DIRECT, ENTRIES, MODELS, AttributionPlan
from tracker.questions.cells import AttributionCell, Cell, FunnelCell, PathsCell, ProductCell, RetentionCell
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
from tracker.questions.paths_plan import DIRECTIONS, PathsPlan
from tracker.questions.product_plan import DEEDS, ITEM_PARTS, PLAIN_AMOUNT, PRODUCT_SORTS, ProductPlan
from tracker.questions.question import (
    INTERVALS,
    Attribution,
    Breakdown,
    EventIds,
    Funnel,
    Head,
    Paths,
    People,
    Products,
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
    "DEEDS",
    "DEFAULT_FROM",
    "DEFAULT_TO",
    "DIRECT",
    "DIRECTIONS",
    "ENTRIES",
    "IDENTIFY",
    "INTERVALS",
    "ITEM_PARTS",
    "MODELS",
    "NEGATED",
    "NUMERIC",
    "OPENED_MEASURES",
    "PLAIN_AMOUNT",
    "PLAIN_NUMBER",
    "PRODUCT_SORTS",
    "REGEX",
    "SIMPLE_MEASURES",
    "WITHOUT_VALUES",
    "Attribution",
    "AttributionCell",
    "AttributionPlan",
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
    "Paths",
    "PathsCell",
    "PathsPlan",
    "People",
    "ProductCell",
    "ProductPlan",
    "Products",
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
