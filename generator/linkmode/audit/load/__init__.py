"""Follows what the dynamic loader would do: NEEDED libraries, search paths, and root folders."""
