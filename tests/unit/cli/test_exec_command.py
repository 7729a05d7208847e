"""`linkmode exec` with small made-up toolchains: what is unpacked when, what a command sees, and every way to fail."""

import hashlib
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from exec_repository import GCC_FILES, NATIVE_FILES, TRIPLE, ZIG_FILES, ZLIB_FILES, Repository

import linkmode
from linkmode.model.values import Checksum
from linkmode.store.files import Store


@pytest.fixture
def gcc(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.pin("musl.cc", "99.1.0", "cross", GCC_FILES)
    made.pin("zlib", "1.3.1.99", "zlib", ZLIB_FILES)
    made.write(("musl.cc", "99.1.0"))
    return made


@pytest.fixture
def zig(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.pin("zig", "0.15.99", "zig", ZIG_FILES)
    made.pin("zlib", "1.3.1.99", "zlib", ZLIB_FILES)
    made.write(("zig", "0.15.99"))
    return made


def test_nothing_is_fetched_unasked(gcc: Repository) -> None:
    done = gcc.exec("true")
    assert done.returncode == 4
    assert done.stdout == ""
    assert re.search(r"error: not in the store: musl\.cc-\S+: sha256:", done.stderr)
    assert "not in the store: zlib" in done.stderr
    assert "linkmode fetch" in done.stderr
    assert not (gcc.store / "linkmode" / "unpacked").exists()


def test_a_command_has_the_umask_of_its_caller(gcc: Repository) -> None:
    """Every other command of linkmode closes what it writes to others."""
    before = os.umask(0)
    try:
        assert gcc.run("fetch").returncode == 0
        assert gcc.exec("sh", "-c", "umask").stdout.strip() == "0000"
    finally:
        os.umask(before)


def test_an_exit_code_is_the_commands_where_a_parent_ignores_the_end_of_children(gcc: Repository) -> None:
    """An ignored SIGCHLD is inherited, and by default the system then keeps no exit code."""
    assert gcc.run("fetch").returncode == 0
    code = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    words = ["linkmode", "exec", "--store", str(gcc.store), "--", "sh", "-c", "$CC -v && exit 3"]
    done = subprocess.run(
        [sys.executable, "-c", code, sys.executable, "-m", *words],
        cwd=gcc.root,
        env=os.environ | {"PYTHONPATH": str(Path(linkmode.__file__).parents[1])},
        check=False,
    )
    assert done.returncode == 3


def test_unpacked_once_and_then_without_the_store(gcc: Repository) -> None:
    assert gcc.run("fetch").returncode == 0
    first = gcc.exec("sh", "-c", "$CC hello.c")
    assert first.returncode == 0
    assert re.fullmatch("compiler: .* -static hello.c\n", first.stdout)
    assert [line.split(" ")[1] for line in first.stderr.splitlines()] == [
        "unpacking",
        "unpacking",
        "compiling",
        "making",
    ]
    for body in gcc.bodies:
        Store(gcc.store).file(Checksum("sha256", hashlib.sha256(body).hexdigest())).unlink()
    again = gcc.exec("sh", "-c", "$CC hello.c")
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs files of another user, which only root can make")
@pytest.mark.parametrize("group", ["unpacked", "exec"])
def test_what_another_user_put_there_is_not_run(gcc: Repository, group: str) -> None:
    assert gcc.run("fetch").returncode == 0
    assert gcc.exec("true").returncode == 0
    for tool in (gcc.store / "linkmode" / group).glob(f"*/**/{TRIPLE}-gcc"):
        folder = tool.parent
        folder.chmod(0o755)
        tool.unlink()
        tool.write_text("#!/bin/sh\necho evil\n")
        tool.chmod(0o755)
        os.chown(tool, 12345, 12345)
        folder.chmod(0o555)
    done = gcc.exec("sh", "-c", "$CC hello.c")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{TRIPLE}-gcc: belongs to another user (12345): linkmode runs nothing from there" in done.stderr


def test_a_damaged_archive(gcc: Repository) -> None:
    assert gcc.run("fetch").returncode == 0
    Store(gcc.store).file(Checksum("sha256", hashlib.sha256(gcc.bodies[0]).hexdigest())).write_bytes(b"other")
    done = gcc.exec("true")
    assert done.returncode == 5
    assert "damaged in the store" in done.stderr
    assert "linkmode fetch" in done.stderr


def test_an_archive_that_is_not_to_be_trusted(tmp_path: Path) -> None:
    made = Repository(tmp_path)
    made.pin("musl.cc", "99.1.0", "cross", GCC_FILES | {"t/../../evil": "x"})
    made.write(("musl.cc", "99.1.0"), zlib=False)
    assert made.run("fetch").returncode == 0
    done = made.exec("true")
    assert done.returncode == 5
    assert "musl.cc.tgz: 't/../../evil': a path with '..' in it" in done.stderr
    assert list(tmp_path.rglob("evil")) == []


def test_the_sysroot_of_gcc(gcc: Repository) -> None:
    """zlib is compiled with the locked compiler, with nothing of the user's, into a copy of the unpacked tree."""
    assert gcc.run("fetch").returncode == 0
    done = gcc.exec("sh", "-c", "command -v $CC; echo $PKG_CONFIG_LIBDIR", CPATH="/leak", CFLAGS="-leak")
    driver, pkgconfig = map(Path, done.stdout.splitlines())
    assert driver.name == f"{TRIPLE}-static-gcc"
    sysroot = pkgconfig.parents[1]
    compiler = sysroot.parent / "bin" / f"{TRIPLE}-gcc"
    assert f"cc\t{compiler}\n" in (driver.parents[1] / "driver.conf").read_text()
    assert sorted(path.name for path in (sysroot / "include").iterdir()) == ["stdio.h", "zconf.h", "zlib.h"]
    assert sorted(path.name for path in (sysroot / "lib").iterdir()) == ["libc.a", "libz.a", "pkgconfig"]
    assert "Version: 1.3.1\n" in (pkgconfig / "zlib.pc").read_text()
    [unpacked] = (gcc.store / "linkmode" / "unpacked").glob(f"*/bin/{TRIPLE}-gcc")
    assert compiler.samefile(unpacked)
    assert not (unpacked.parents[1] / TRIPLE / "include" / "zlib.h").exists()
    made = [folder for folder in (gcc.store / "linkmode" / "exec").iterdir() if folder.is_dir()]
    files = [path for folder in made for path in (folder, *folder.rglob("*"))]
    assert [path for path in files if not path.is_symlink() and path.stat().st_mode & 0o222] == []


def test_a_native_layout_gets_the_usual_names(tmp_path: Path) -> None:
    made = Repository(tmp_path)
    made.pin("musl.cc", "99.1.0", "native", NATIVE_FILES)
    made.write(("musl.cc", "99.1.0"), zlib=False)
    assert made.run("fetch").returncode == 0
    done = made.exec("sh", "-c", f"$AR rcs made; cat made; {TRIPLE}-gcc x; gcc y; cc z")
    assert done.stdout.splitlines()[0] == "archive"
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()[1:]] == ["x", "y", "z"]
    other = made.exec("sh", "-c", "gcc-12 v; musl-gcc w; $(uname -m)-linux-gnu-gcc-13 u; command -v g++-12")
    assert [line.rpartition(" ")[2] for line in other.stdout.splitlines()[:3]] == ["v", "w", "u"]
    assert str(made.store) not in other.stdout.splitlines()[-1]
    # there is no g++ in it, and nothing stands for one
    assert f"{TRIPLE}-static-g++" not in made.run("exec", "--print-env").stdout


def test_a_compiler_cache_sees_another_compiler_for_each_mode(gcc: Repository) -> None:
    """By its bytes and its time, which is how ccache and sccache know one."""
    assert gcc.run("fetch").returncode == 0
    which = "command -v gcc; sha256sum < $(command -v gcc)"
    seen = [gcc.run("exec", "--mode", mode, "--", "sh", "-c", which).stdout for mode in ("static", "dynamic")]
    (one, its_digest), (other, other_digest) = (said.splitlines() for said in seen)
    assert one != other
    assert its_digest != other_digest
    assert Path(one).stat().st_ino != Path(other).stat().st_ino
    assert Path(one).samefile(Path(one).parents[1] / "bin" / f"{TRIPLE}-static-gcc")


def test_zig_is_called_as_clang(zig: Repository) -> None:
    assert zig.run("fetch").returncode == 0
    done = zig.exec("sh", "-c", '$CC -c "a b.c"; $CXX -c x.cc; $LD -r; $CC x.o; echo ${ZIG_LOCAL_CACHE_DIR-unset}')
    sysroot = re.escape(str(zig.store / "linkmode" / "exec")) + "/[0-9a-f]{64}/sysroot"
    lines = done.stdout.splitlines()
    cpu = platform.machine()
    flags = f"clang --no-default-config --target={cpu}-unknown-linux-musl .*-c"
    assert re.fullmatch(rf"compiler: {flags} a b.c -isystem {sysroot}/include -isystem .*", lines[0])
    cxx = flags.replace("config", "config --driver-mode=g[+][+]")
    assert re.fullmatch(rf"compiler: {cxx} x.cc -nostdinc[+][+] .* -isystem {sysroot}/include -isystem .*", lines[1])
    assert lines[2] == "compiler: ld.lld -r"
    assert re.fullmatch(r"compiler: clang .* -static -no-pie \S.*/crt1.o x.o .*/libc.a .*", lines[3])
    assert lines[4] == "unset"


def test_exit_code_signals_and_process_are_the_command_s(gcc: Repository) -> None:
    assert gcc.run("fetch").returncode == 0
    assert gcc.exec("sh", "-c", "exit 42").returncode == 42
    assert gcc.exec("sh", "-c", "kill -TERM $$").returncode == -signal.SIGTERM
    assert gcc.exec("sh", "-c", "kill -PIPE $$").returncode == -signal.SIGPIPE
    ignored = gcc.exec("sed", "-n", "s/^SigIgn:\t0*//p", "/proc/self/status").stdout
    plain = subprocess.run(
        ["sed", "-n", "s/^SigIgn:\t0*//p", "/proc/self/status"], capture_output=True, text=True, check=True
    )
    assert ignored == plain.stdout


def test_no_verify_around_a_run_is_none_of_it(gcc: Repository) -> None:
    """As in `linkmode exec --no-verify -- make`, where make calls `linkmode exec`: the inner one verifies."""
    assert gcc.run("fetch").returncode == 0
    assert gcc.exec("sh", "-c", 'echo "$LINKMODE_VERIFY"', LINKMODE_VERIFY="no").stdout == "yes\n"


def test_options_after_the_command_are_its_own(gcc: Repository) -> None:
    assert gcc.run("fetch").returncode == 0
    assert gcc.run("exec", "echo", "--target", "-n").stdout == "--target -n\n"
    assert gcc.exec("echo", "--help", "--", "x").stdout == "--help -- x\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--", "no-such-command"], 127, "no-such-command: no such command"),
        (["--", "./linkmode.toml/x"], 127, "no such command"),
        (["--", "./linkmode.toml"], 126, "./linkmode.toml: cannot be run: Permission denied"),
        ([], 2, "no command to run"),
        (["--print-env", "--", "make"], 2, "--print-env runs no command"),
        (["--target", f"{TRIPLE}x", "--", "true"], 2, f"did you mean '{TRIPLE}'?"),
        (["--toolchain", "musl.c", "--", "true"], 2, "did you mean 'musl.cc'?"),
    ],
)
def test_what_cannot_be_run(gcc: Repository, arguments: list[str], code: int, words: str) -> None:
    assert gcc.run("fetch").returncode == 0
    done = gcc.run("exec", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_lock(gcc: Repository) -> None:
    (gcc.root / "linkmode.lock").unlink()
    done = gcc.exec("true")
    assert done.returncode == 6
    assert "linkmode lock" in done.stderr


def test_print_env_is_the_environment(gcc: Repository) -> None:
    assert gcc.run("fetch").returncode == 0
    printed = gcc.run("exec", "--print-env")
    assert printed.returncode == 0
    shell = f'{printed.stdout}\nprintf "%s\\n" "$CC" "$LDFLAGS" "$PATH" "$PKG_CONFIG_LIBDIR"'
    done = subprocess.run(
        ["sh", "-c", shell], env={"PATH": "/bin:/usr/bin"}, capture_output=True, text=True, check=True
    )
    direct = gcc.exec("sh", "-c", 'printf "%s\\n" "$CC" "$LDFLAGS" "$PATH" "$PKG_CONFIG_LIBDIR"', PATH="/bin:/usr/bin")
    assert done.stdout == direct.stdout
    assert done.stdout.startswith(f"{TRIPLE}-static-gcc\n\n{gcc.store}/linkmode/exec/")


def test_a_compiler_that_does_not_run(tmp_path: Path) -> None:
    made = Repository(tmp_path)
    made.pin("musl.cc", "99.1.0", "cross", GCC_FILES | {f"t/bin/{TRIPLE}-gcc": "#!/bin/sh\necho broken >&2\nexit 3\n"})
    made.pin("zlib", "1.3.1.99", "zlib", ZLIB_FILES)
    made.write(("musl.cc", "99.1.0"))
    assert made.run("fetch").returncode == 0
    done = made.exec("true")
    assert done.returncode == 3
    assert "the compiler driver does not compile" in done.stderr
    assert "broken" in done.stderr
    left = [path.name for path in (made.store / "linkmode" / "exec").iterdir() if path.suffix != ".lock"]
    assert left == []


def test_what_brings_in_archives_is_not_imported_to_run_a_command() -> None:
    code = "import sys, linkmode.cli.exec; print(*sys.modules)"
    path = {"PYTHONPATH": str(Path(linkmode.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | path, capture_output=True, text=True, check=True
    )
    assert {"requests", "rich", "pypi_simple", "linkmode.fetch"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("kind", ["gcc", "zig"])
def test_gc_spares_what_a_running_command_uses_and_no_more(kind: str, request: pytest.FixtureRequest) -> None:
    made: Repository = request.getfixturevalue(kind)
    assert made.run("fetch").returncode == 0
    running = subprocess.Popen(
        [sys.executable, "-m", "linkmode", "exec", "--", "sh", "-c", "echo ready; read line; $CC hello.c"],
        cwd=made.root,
        env=os.environ
        | {"PYTHONPATH": str(Path(linkmode.__file__).parents[1]), "LINKMODE_STORE": str(made.store), "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    spared = made.run("store", "gc", "--days", "0")
    assert spared.returncode == 0, spared.stderr
    kept = [line for line in spared.stdout.splitlines() if line.endswith(": in use")]
    assert len(kept) == (5 if kind == "gcc" else 6), spared.stdout
    assert "hello.c" in running.communicate("go\n")[0]
    # with what Zig keeps for itself, which only making a toolchain ready needs
    assert made.run("store", "gc", "--days", "0").stdout.count("removed ") == len(kept)
    # The archives went with the first: all comes back, for a fetch.
    assert made.exec("true").returncode == 4
    assert made.run("fetch").returncode == 0
    assert made.exec("sh", "-c", "$CC hello.c").returncode == 0
