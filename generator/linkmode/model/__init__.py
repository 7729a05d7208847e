"""Values that every step shares, with their rules. Imports nothing of ours except messages."""
