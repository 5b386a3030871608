"""Copy of a list: one DuckDB file that is derived from the truth, followed while questions are asked, and never backed up."""
