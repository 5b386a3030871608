"""Domain rules without a database: events, identity resolution, enrichment, conversions and cursors."""
