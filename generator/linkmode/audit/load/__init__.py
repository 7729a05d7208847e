"""Follows the rules of the dynamic loader: needed libraries, search paths, and root folders."""
