"""A package, so that a fixture of its scope ends when a worker leaves the folder."""
