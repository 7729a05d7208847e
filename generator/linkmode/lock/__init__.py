"""linkmode.lock: resolved from linkmode.toml and the catalogue, read, and written."""
