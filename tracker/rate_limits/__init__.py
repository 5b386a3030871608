"""Rate limits by command and caller, counted over all processes of an instance."""

from tracker.rate_limits.command_limits import declared_limits, overridden_limits
from tracker.rate_limits.limiter import Limiter, build_limiter
from tracker.rate_limits.rate import Decision, RateLimit, parse_overrides
from tracker.rate_limits.redis import redis_fault
from tracker.rate_limits.slot_file import empty

__all__ = [
    "Decision",
    "Limiter",
    "RateLimit",
    "build_limiter",
    "declared_limits",
    "empty",
    "overridden_limits",
    "parse_overrides",
    "redis_fault",
]
