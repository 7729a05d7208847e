"""Rust with build scripts, and Rust in a C program: for examples/rust_native, ours and two published crates."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from harness.places import WORK
from harness.shared import MissingToolchainsError

OURS = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")
load("@linkmode//rust:defs.bzl", "rust_binary", "rust_build_script", "rust_library", "rust_static_library")

MANUAL = ["manual"]

cc_library(name = "seven", srcs = ["seven.c"], tags = MANUAL)
rust_build_script(
    name = "seven_sys_build_script",
    srcs = ["sys/build.rs"],
    data = ["sys/numbers.txt"],
    folder = "sys",
    links = "seven",
    version = "1.2.3-pre",
)
rust_library(
    name = "seven_sys",
    srcs = ["sys/lib.rs"],
    build_script = ":seven_sys_build_script",
    tags = MANUAL,
    deps = [":seven"],
)
rust_build_script(
    name = "user_build_script",
    srcs = ["user.rs"],
    crate_features = ["with-dash"],
    link_deps = [":seven_sys_build_script"],
)
rust_binary(
    name = "user",
    srcs = ["main.rs"],
    build_script = ":user_build_script",
    deps = [":seven_sys"],
    tags = MANUAL,
)
link_modes(name = "user_as", binary = ":user", tags = MANUAL)

rust_static_library(name = "inside", srcs = ["inside.rs"], deps = [":seven_sys"], tags = MANUAL)
cc_binary(name = "outside", srcs = ["outside.c"], deps = [":inside"], tags = MANUAL)
link_modes(name = "outside_as", binary = ":outside", tags = MANUAL)

rust_build_script(name = "asks", srcs = ["asks.rs"])
rust_library(name = "asking", srcs = ["inside.rs"], build_script = ":asks", deps = [":seven_sys"], tags = MANUAL)
rust_binary(name = "asker", srcs = ["asker.rs"], deps = [":asking"], tags = MANUAL)
link_mode_binary(name = "asker_static", binary = ":asker", link_mode = "static", tags = MANUAL)
""",
    "seven.c": "int seven(void) { return 7; }\n",
    "sys/numbers.txt": "1, 2, 4",
    "sys/build.rs": r"""use std::{env, fs, path::Path};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let numbers = fs::read_to_string("numbers.txt").unwrap();
    let table = format!("pub const NUMBERS: &[u32] = &[{numbers}];\n");
    fs::write(Path::new(&out).join("table.rs"), table).unwrap();
    assert!(Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("numbers.txt").exists());
    let version = ["MAJOR", "MINOR", "PATCH"].map(|part| env::var(format!("CARGO_PKG_VERSION_{part}")).unwrap());
    println!("cargo:rustc-env=VERSION={}", version.join("/"));
    println!("cargo:rustc-cfg=libc_is=\"{}\"", env::var("CARGO_CFG_TARGET_ENV").unwrap());
    println!("cargo:rustc-check-cfg=cfg(libc_is, values(any()))");
    println!("cargo:rustc-link-lib=seven");
    println!("cargo:number=3");
}
""",
    "sys/lib.rs": """include!(concat!(env!("OUT_DIR"), "/table.rs"));
pub const VERSION: &str = env!("VERSION");
pub const LIBC: &str = if cfg!(libc_is = "musl") { "musl" } else { "gnu" };
unsafe extern "C" { pub fn seven() -> i32; }
""",
    "user.rs": r"""use std::env;

fn main() {
    println!("cargo::rustc-env=NUMBER={}", env::var("DEP_SEVEN_NUMBER").unwrap());
    println!("cargo::rustc-env=FEATURE={}", env::var("CARGO_FEATURE_WITH_DASH").unwrap());
    println!("cargo::rustc-env=TARGET_OF={}", env::var("TARGET").unwrap());
}
""",
    "main.rs": """fn main() {
    let sum: u32 = seven_sys::NUMBERS.iter().sum();
    println!("{} {sum} {} {}", unsafe { seven_sys::seven() }, seven_sys::VERSION, seven_sys::LIBC);
    println!("{} {} {}", env!("NUMBER"), env!("FEATURE"), env!("TARGET_OF"));
}
""",
    "inside.rs": """#[unsafe(no_mangle)]
pub extern "C" fn inside(what: i32) -> i32 {
    std::panic::catch_unwind(|| {
        if what < 0 { panic!("negative") }
        what + unsafe { seven_sys::seven() }
    }).unwrap_or(-1)
}
""",
    "outside.c": """#include <stdio.h>

int inside(int what);

int main(void) { return printf("%d %d\\n", inside(1), inside(-5)) < 0; }
""",
    "asks.rs": 'fn main() { println!("cargo:rustc-link-search=/usr/lib"); }\n',
    "asker.rs": "fn main() { asking::inside(1); }\n",
}

OURS_SAYS = "7 7 1/2/3 {libc}\n3 1 x86_64-unknown-linux-{libc}\n"

ASKS = (
    r"linkmode: \S*//scripted:asks: the build script says `cargo:rustc-link-search=/usr/lib`: a folder of the "
    r"machine\. Libraries come from cc_library targets in deps"
)

CRATES = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_modes")
load("@linkmode//rust:defs.bzl", "rust_binary", "rust_build_script", "rust_library")

[rust_build_script(
    name = name + "_build_script",
    srcs = [name + "/build.rs"],
    crate_features = ["default", "std"],
    edition = "2021",
    folder = name,
    version = version,
) for name, version in [("anyhow", "1.0.100"), ("libc", "0.2.177")]]
[rust_library(
    name = name,
    srcs = glob([name + "/src/**/*.rs"]),
    build_script = name + "_build_script",
    crate_features = ["default", "std"],
    crate_root = name + "/src/lib.rs",
    edition = "2021",
    rustc_flags = ["--cap-lints=allow"],
    tags = ["manual"],
) for name in ["anyhow", "libc"]]
rust_binary(name = "app", srcs = ["app.rs"], deps = [":anyhow", ":libc"], tags = ["manual"])
link_modes(name = "app_as", binary = ":app", tags = ["manual"])
""",
    # backtrace() is there when the script of anyhow has asked the compiler for its release
    "app.rs": """use anyhow::{Context, Result};

fn run() -> Result<()> {
    let id = unsafe { libc::getppid() };
    anyhow::ensure!(id < 0, "a parent");
    Ok(())
}

fn main() {
    let error = run().context("found").unwrap_err();
    println!("{error:#} {:?}", error.backtrace().status());
}
""",
}

CRATES_SAY = "found: a parent Disabled\n"

_PINS = {
    ("anyhow", "1.0.100"): "a23eb6b1614318a8071c9b2521f36b424b2c83db5eb3a0fead4a6c0809af6e61",
    ("libc", "0.2.177"): "2874a2af47a2325c2001a6e6fad9b16a53b802102b528163885171cf92b15976",
}


def crates() -> dict[str, str]:
    """Return a package with the two crates and a program, by cargo. Raises MissingToolchainsError without cargo."""
    if not shutil.which("cargo"):
        raise MissingToolchainsError("published crates come by cargo, which is not here")
    folder = WORK / "crates"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = "".join(f'{name} = "={version}"\n' for name, version in _PINS)
    manifest = '[package]\nname = "fetching"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n'
    (folder / "Cargo.toml").write_text(f"{manifest}[dependencies]\n{wanted}", encoding="utf-8")
    (folder / "lib.rs").touch()
    done = subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingToolchainsError(f"cargo fetch: {done.stderr.strip()}")
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    files = dict(CRATES)
    for (name, version), sha256 in _PINS.items():
        archive = next((home / "registry/cache").glob(f"*/{name}-{version}.crate"))
        assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256, archive
        with tarfile.open(archive) as packed:
            for member in packed:
                content = packed.extractfile(member)
                if content and member.name.endswith(".rs") and "/tests/" not in member.name:
                    files[f"{name}/{member.name.partition('/')[2]}"] = content.read().decode()
    return files
