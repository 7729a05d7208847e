"""Judges facts: link mode, expectations, hardening, hazards, and where a program runs. Pure."""
