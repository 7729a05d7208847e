"""The store's own files that are waited for, or are something else than a file: a lock, a pipe, a link."""

import os
import threading
from pathlib import Path

import filelock
import pytest
from faultserver import FaultServer, whole
from fetching import BODY, Notes, artifact, fetch, kept, stored

from linkmode.messages import ConfigError
from linkmode.store.files import Store


@pytest.mark.parametrize("size", [-1, None])
def test_a_pipe_in_the_place_of_an_archive_is_damage(server: FaultServer, store: Path, size: int | None) -> None:
    server.routes["/tool"] = whole(BODY)
    art = artifact(server.url("/tool"), size=size)
    Store(store).folder(art.checksum).mkdir(parents=True)
    os.mkfifo(Store(store).file(art.checksum))
    fetch(store, art)
    assert stored(store) == kept(art)


def test_a_lock_file_that_leads_elsewhere_is_not_written_through(
    server: FaultServer, store: Path, tmp_path: Path
) -> None:
    server.routes["/tool"] = whole(BODY)
    art = artifact(server.url("/tool"))
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    locks = Store(store).private("locks")
    (locks / f"sha256-{art.checksum.hex}.lock").symlink_to(victim)
    with pytest.raises(ConfigError, match="cannot write to the store"):
        fetch(store, art)
    assert victim.read_text() == "untouched"


def test_what_is_waited_for_is_said_with_its_path(server: FaultServer, store: Path) -> None:
    server.routes["/tool"] = whole(BODY)
    art = artifact(server.url("/tool"))
    path = Store(store).private("locks") / f"sha256-{art.checksum.hex}.lock"
    other = filelock.FileLock(path)
    notes, told = Notes(), threading.Event()

    def note(name: str, text: str) -> None:
        notes.notes.append(f"{name}: {text}")
        told.set()

    notes.note = note  # type: ignore[method-assign]
    with other:
        waiting = threading.Thread(target=fetch, args=(store, art), kwargs={"notes": notes})
        waiting.start()
        assert told.wait(60)
    waiting.join()
    assert notes.notes == [f"tool: waiting for another run, which holds {path}"]
    assert stored(store) == kept(art)


def test_nobody_who_need_not_wait_is_told_so(server: FaultServer, store: Path) -> None:
    server.routes["/tool"] = whole(BODY)
    notes = Notes()
    fetch(store, artifact(server.url("/tool")), notes=notes)
    assert notes.notes == []
