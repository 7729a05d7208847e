"""linkmode.toml: one module for each table. `document` reads the whole file."""
