"""What does the traffic of a web shop look like? Made up, the same for the same seed; nothing here knows a database."""
