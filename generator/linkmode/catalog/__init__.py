"""The catalogue: pins with provenance and advisories, and how a pin is measured and added."""
