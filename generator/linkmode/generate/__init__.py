"""Renders the rule library of a lock (pure), and writes it (atomic)."""
