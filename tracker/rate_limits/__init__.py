"""May they call now? Rate limits per command and caller, counted over all processes of an instance."""

from tracker.rate_limits.limiter import Limiter, build_limiter
from tracker.rate_limits.rate import Decision, RateLimit, parse_overrides
from tracker.rate_limits.slot_file import empty

__all__ = ["Decision", "Limiter", "RateLimit", "build_limiter", "empty", "parse_overrides"]
