"""Readers of archives that strangers made: tar, zip and their compressions, each within bounds."""
