"""The catalogue: pins with their provenance and advisories, and how a pin is measured and added."""
