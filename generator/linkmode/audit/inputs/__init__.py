"""What `linkmode audit` is given: files, folders, archives, packages and container images, as a sequence of files.

Nothing is unpacked: members are read as a stream, and one at a time is held, in memory or in a nameless temporary file.
Whatever is wrong with an archive is a :class:`linkmode.archives.members.Refusal`, which as text says what.
"""
