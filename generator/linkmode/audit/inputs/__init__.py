"""Turns the inputs of `linkmode audit` (files, folders, archives, packages, container images) into a sequence of files.

Nothing is unpacked: members are read as a stream, and one at a time is held, in memory or in a nameless temporary file.
A problem of an archive is a :class:`linkmode.archives.members.Refusal`, whose text describes it.
"""
