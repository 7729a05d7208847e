"""Keeps the templates that Jinja compiled where Python keeps the modules that it compiled.

Compiling them took 40 % of a run that had nothing to change. The folder is ``__pycache__`` beside this module, or below
``sys.pycache_prefix``. Anyone who can write there can change linkmode itself, which is not so of the user's cache: CI
restores that from other builds. Where nothing can be written, each run compiles.
"""

import contextlib
import hashlib
import sys
import tempfile
from pathlib import Path

from jinja2 import bccache, compiler, environment, lexer, nodes, optimizer, parser

from linkmode.generate import engine, starlark


class CompiledTemplates(bccache.BytecodeCache):
    """The compiled templates in ``folder``, by a compiler of which ``compiled_by`` is a digest."""

    def __init__(self, folder: Path, compiled_by: bytes) -> None:
        self._folder = folder
        self._compiled_by = compiled_by

    def load_bytecode(self, bucket: bccache.Bucket) -> None:
        """Load what was kept for the same text and compiler, and leave the bucket empty where that is nothing."""
        try:
            with self._file(bucket).open("rb") as file:
                bucket.load_bytecode(file)
        except Exception:
            bucket.reset()

    def dump_bytecode(self, bucket: bccache.Bucket) -> None:
        """Keep what was compiled; a folder that cannot be written costs the next run time, and nothing else."""
        if sys.dont_write_bytecode:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                partial = Path(file.name)
                try:
                    bucket.write_bytecode(file)
                    file.flush()
                    partial.chmod(Path(__file__).stat().st_mode & 0o666)  # as Python does for a module
                    partial.replace(self._file(bucket))
                except BaseException:
                    partial.unlink(missing_ok=True)
                    raise

    def get_source_checksum(self, source: str) -> str:
        """Return a digest of all that a compiled template depends on."""
        return hashlib.sha256(self._compiled_by + source.encode()).hexdigest()

    def _file(self, bucket: bccache.Bucket) -> Path:
        return self._folder / f"{bucket.key}.{sys.implementation.cache_tag}.jinja"


def beside_modules() -> CompiledTemplates | None:
    """Return those that were kept beside the modules of this package; None where Python keeps no modules either."""
    # the filters too: Jinja calls them while it compiles, where a value is constant
    modules = (compiler, environment, lexer, nodes, optimizer, parser, engine, starlark)
    try:
        texts = [Path(module.__file__ or "").read_bytes() for module in modules]
    except OSError:  # linkmode or Jinja is in a zip
        return None
    cached = __spec__.cached
    return CompiledTemplates(Path(cached).parent, hashlib.sha256(b"".join(texts)).digest()) if cached else None
