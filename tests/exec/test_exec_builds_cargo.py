"""cargo by `linkmode exec`: Rust's programs, linked by the locked compiler."""

import shutil
import subprocess
from pathlib import Path

import pytest
from projects import GLIBC, X86, Project

RUST = """\
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!("{}", if std::panic::catch_unwind(|| panic!("p")).is_err() { "caught" } else { "lost" });
}
"""


@pytest.mark.tier("slow")
@pytest.mark.skipif(not shutil.which("cargo"), reason="cargo is not installed")
def test_cargo_links_by_zig_for_an_old_glibc(zig: Project) -> None:
    made = cargo_build(zig, "x86_64-unknown-linux-gnu", GLIBC)
    assert zig.run(made) == "caught\n"
    assert zig.linkmode("audit", "--max-glibc", "2.28", made).returncode == 0


@pytest.mark.skipif(not shutil.which("cargo"), reason="cargo is not installed")
def test_cargo_links_by_gcc_for_musl(gcc: Project) -> None:
    made = cargo_build(gcc, "x86_64-unknown-linux-musl", X86)
    assert gcc.run(made) == "caught\n"
    assert gcc.modes(made) == {made: "static"}


def cargo_build(project: Project, rust: str, target: str) -> str:
    """Build a program that catches a panic of its own, for a target by Rust's name and by ours; return its path."""
    installed = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=False)
    if not list((Path(installed.stdout.strip()) / "lib" / "rustlib" / rust / "lib").glob("libstd-*.rlib")):
        pytest.skip(f"Rust's standard library for {rust} is not installed")
    crate = project.root / "crate"
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n')
    (crate / "src" / "main.rs").write_text(RUST)
    project.exec("sh", "-c", f"cd crate && cargo build --offline --target {rust}", options=("--target", target))
    return f"crate/target/{rust}/debug/hello"
