"""Turns the inputs of `linkmode audit` (files, folders, archives, packages, container images) into a sequence of files.

Nothing is unpacked: members are read as a stream, and one at a time is held, in memory or in a nameless temporary file.
Whatever is wrong with an archive is a :class:`linkmode.archives.members.Refusal`, which as text says what.
"""
