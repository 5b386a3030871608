"""Import of events from files (backfill): the rules of `event.track`, without a request."""
