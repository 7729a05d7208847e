"""Bounded readers of untrusted archives: tar, zip and their compressions."""
