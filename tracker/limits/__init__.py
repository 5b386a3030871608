"""May they call now? Rate limits per command and caller, counted over all processes of an instance."""

from tracker.limits.limiter import Limiter, build_limiter
from tracker.limits.rules import RateLimit, Verdict, parse_overrides
from tracker.limits.slots import empty

__all__ = ["Limiter", "RateLimit", "Verdict", "build_limiter", "empty", "parse_overrides"]
