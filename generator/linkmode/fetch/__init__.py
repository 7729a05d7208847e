"""Brings every locked archive into the store, verified: order, resumption and progress."""
