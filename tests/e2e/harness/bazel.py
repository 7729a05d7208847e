"""A Bazel to run: Debian's 4.2.3, Debian's 7.7.1 in a root of its own, or any other by its path.

Debian's are built without the archives that Bazel downloads on its own account, so both need to be told where Debian
has put them, and stand-ins for the rest (tests/e2e/bazel/stubs).
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.places import BAZEL_7_ROOT, DISK_CACHE, ROOT, STORE, STUBS, WORK

DEBIAN = Path("/usr/share/bazel")
KNOWN = ("4.2.3", "7.7.1", "7.7.1-workspace")
_OF_A_BUILD = ("--nosandbox_debug", "--disk_cache=")
"""What `query`, which only loads, does not know."""
_NO_FLAGS = ("info", "shutdown", "clean", "version")
_SHORT_LIVED = ("--host_jvm_args=-XX:TieredStopAtLevel=1", "--host_jvm_args=-XX:+UseSerialGC")
"""For a server that lives for minutes: c_zlib is loaded and analysed in 13 s of CPU time by 7.7.1, and in 25 s without.

With 4.2.3 it is 10 s and 14 s. What the JVM's second compiler makes pays where a server lives for hours.
"""


class NoBazelError(Exception):
    """The Bazel that was asked for is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Bazel:
    """How to start one Bazel. ``flags`` are for the commands that load or build, ``startup`` for the server of all.

    The last word of ``argv`` is Bazel itself. ``environment`` is what it has beside what every run has.
    """

    name: str
    argv: tuple[str, ...]
    flags: tuple[str, ...] = ()
    output: Path = field(default=WORK / "output")
    environment: Mapping[str, str] = field(default_factory=dict)
    startup: tuple[str, ...] = ()

    def command(self, verb: str, *arguments: str) -> list[str]:
        """Return the command line for ``verb``; the folder it runs in is the caller's affair."""
        # A server that nobody uses gives its memory back; 4.2.3 keeps 400 MB otherwise.
        startup = [
            *self.startup,
            *_SHORT_LIVED,
            f"--output_user_root={self.output / self.name.replace('/', '_')}",
            "--max_idle_secs=60",
        ]
        own = tuple(flag for flag in self.flags if verb != "query" or not flag.startswith(_OF_A_BUILD))
        flags = () if verb in _NO_FLAGS else (*own, "--color=no", "--curses=no", "--noshow_progress")
        return [*self.argv, *startup, verb, *flags, *arguments]

    def run(self, workspace: Path, verb: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``verb`` in ``workspace`` and return what it said; with ``check``, raise AssertionError when it fails."""
        command = self.command(verb, *arguments)
        done = subprocess.run(
            command,
            cwd=workspace,
            env={**_environment(workspace), **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            shown = " ".join(command)
            raise AssertionError(f"exit code {done.returncode}\n{shown}\n{done.stdout}\n{done.stderr}")
        return done

    def leave(self, workspace: Path) -> None:
        """Stop the server of ``workspace`` and give the disk space back: many are built after one another."""
        self.run(workspace, "clean", "--expunge_async", check=False)

    def in_place(self, folder: Path) -> "Bazel":
        """Return this Bazel with ``folder``, which may lie anywhere, to build in and to write to."""
        bound = ("--bind", str(folder), str(folder)) if self.argv[0] == "bwrap" else ()
        return replace(self, argv=(*self.argv[:-1], *bound, self.argv[-1]), output=folder / "output")

    def as_user(self, uid: int) -> "Bazel | None":
        """Return this Bazel, run by another user; None where that may not be, or that one cannot read this checkout."""
        argv = (*self.argv[:-1], "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
        if os.geteuid() or subprocess.run([*argv, "test", "-r", str(STUBS / "README.md")], check=False).returncode:
            return None
        return replace(self, argv=(*argv, self.argv[-1]))


def find(name: str) -> Bazel:
    """Return the Bazel of that name: one of KNOWN, or a path. Raises NoBazelError."""
    if name == "4.2.3":
        path = shutil.which("bazel")
        if not path:
            raise NoBazelError("no bazel on PATH; install Debian's with: tests/e2e/bazel/install 4")
        return at_path(path, name)
    if name in KNOWN:
        return _debian_7(name)
    path = shutil.which(name)
    if not path:
        raise NoBazelError(f"{name}: no such program; known by name: {', '.join(KNOWN)}")
    return at_path(path, name)


def at_path(path: str, name: str) -> Bazel:
    """Return the Bazel at ``path``, told what it needs when it is one of Debian's."""
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()
    if (DEBIAN / "rules").is_dir() and version == "bazel no_version":
        return Bazel(name, (path,), (*_DEBIAN_4, *_common()), startup=_debian_13())
    if (DEBIAN / "rules").is_dir() and version == "bazel 7.7.1" and name not in KNOWN:
        return Bazel(name, (path,), (*_DEBIAN_7["7.7.1"], *_common()))
    if name in KNOWN:
        raise NoBazelError(f"{path} is {version or 'broken'}, and not Debian's {name}; name it by its path to use it")
    return Bazel(name, (path,), _common())


def _debian_13() -> tuple[str, ...]:
    """Return where the jar is that Debian 13's 4.2.3 needs to unpack a tar archive, and that its package forgets."""
    jar = Path("/usr/share/java/commons-io.jar")
    return (f"--host_jvm_args=-Xbootclasspath/a:{jar}",) if jar.exists() else ()


def _common() -> tuple[str, ...]:
    return f"--repository_cache={STORE}", f"--disk_cache={DISK_CACHE}"


_DEBIAN_4 = (
    "--nosandbox_debug",  # which Debian's /etc/bazel/bazelrc turns on
    f"--override_repository=rules_java={DEBIAN / 'rules/java'}",
    f"--override_repository=rules_proto={DEBIAN / 'rules/proto'}",
    f"--override_repository=rules_cc={STUBS / 'rules_cc'}",
    f"--override_repository=remote_coverage_tools={STUBS / 'remote_coverage_tools'}",
)

_DEBIAN_7 = {
    "7.7.1": (
        "--nosandbox_debug",
        "--noenable_workspace",
        "--lockfile_mode=off",
        "--check_direct_dependencies=off",
        *(f"--override_module={path.name}={path}" for path in sorted((STUBS / "modules").iterdir())),
    ),
    "7.7.1-workspace": (
        "--nosandbox_debug",
        "--enable_workspace",
        "--noenable_bzlmod",
        *(
            f"--override_repository=rules_{rules}={DEBIAN / 'rules' / rules}"
            for rules in ("cc", "java", "license", "proto", "python")
        ),
        f"--override_repository=bazel_skylib={DEBIAN / 'tools/skylib'}",
        f"--override_repository=platforms={DEBIAN / 'tools/platforms'}",
        f"--override_repository=remote_coverage_tools={STUBS / 'remote_coverage_tools'}",
    ),
}


def _debian_7(name: str) -> Bazel:
    if not (BAZEL_7_ROOT / "usr/bin/bazel").exists():
        raise NoBazelError(f"Bazel {name} is not in {BAZEL_7_ROOT}; install it with: tests/e2e/bazel/install 7")
    if not shutil.which("bwrap"):
        raise NoBazelError(f"Bazel {name} needs bwrap, of the package bubblewrap")
    # Binding /dev and /proc as they are keeps Bazel's own sandbox working inside.
    root = ("bwrap", "--bind", str(BAZEL_7_ROOT), "/", "--dev-bind", "/dev", "/dev", "--dev-bind", "/proc", "/proc")
    argv = (*root, "--bind", "/sys", "/sys", "--bind", str(ROOT), str(ROOT), "bazel")
    return Bazel(name, argv, (*_DEBIAN_7[name], *_common()))


def _environment(workspace: Path) -> Mapping[str, str]:
    # What a linkmode user's shell may hold must not decide what is built.
    kept = ("HOME", "PATH", "USER", "LANG", "XDG_CACHE_HOME", "JAVA_HOME", "http_proxy", "https_proxy", "no_proxy")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, "PWD": str(workspace)}
