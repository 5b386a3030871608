"""Reports process: one an instance, started by the first question, asked over a Unix socket; the truth is only read."""
