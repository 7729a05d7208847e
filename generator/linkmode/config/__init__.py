"""linkmode.toml: one module a table. `document` reads the whole file."""
