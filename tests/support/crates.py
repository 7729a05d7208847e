"""A package of the user's and the vendored crates that it needs, as `linkmode vendor rust` finds them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import vendoring

from linkmode.languages.rust import vendor as rust
from linkmode.model.vendored import Vendored

REGISTRY = "registry+https://index.example.com"
SUM = "a" * 64


def dep(name: str, *kinds: str | None, called: str = "") -> dict[str, Any]:
    """Return an edge of the graph."""
    return {"name": called or name, "pkg": name, "dep_kinds": [{"kind": kind} for kind in kinds or (None,)]}


class Workspace:
    """The user's package `app`, which needs `one`, which needs the macros `two`; what more there is, tests add."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: dict[str, dict[str, Any]] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.prints: dict[str, list[str]] = {}
        self.asked: list[Sequence[str]] = []
        self.unbuilt: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self.add("app", "bin", dep("one"), source=None)
        self.add("one", "lib", dep("two"))
        self.add("two", "proc-macro")

    def add(
        self, name: str, kind: str, *deps: dict[str, Any], prints: Sequence[str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Add a package with one target, and a build script that prints these lines."""
        folder = self.folder / "vendor" / name if more.get("source", REGISTRY) else self.folder
        path = folder / ("src/main.rs" if kind == "bin" else "src/lib.rs")
        targets = [{"name": name, "kind": [kind], "src_path": str(path), "edition": "2021"}]
        vendoring.write(folder, {"Cargo.toml": "", str(path.relative_to(folder)): more.pop("text", "")})
        if prints is not None:
            targets.append(
                {"name": "build-script-build", "kind": ["custom-build"], "src_path": str(folder / "build.rs")}
            )
            vendoring.write(folder, {"build.rs": ""})
            self.prints[name] = list(prints)
        self.packages[name] = {
            "id": name,
            "name": name,
            "version": "1.2.3",
            "source": REGISTRY,
            "manifest_path": str(folder / "Cargo.toml"),
            "targets": targets,
            **more,
        }
        self.nodes[name] = {"id": name, "deps": list(deps), "features": ["std"]}
        if self.packages[name]["source"]:
            self.seal(name)
        return self.packages[name]

    def seal(self, name: str) -> None:
        """Write what `cargo vendor` writes of a crate's files."""
        folder = self.folder / "vendor" / name
        paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".cargo-checksum.json"]
        files = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        (folder / ".cargo-checksum.json").write_text(json.dumps({"files": files, "package": SUM}))

    @property
    def sources(self) -> Path:
        """The folder of the crates."""
        return self.folder / "vendor"

    def shown(self) -> tuple[str, str]:
        """Vendor, and return the folder that the sandbox shows as /workspace, and where cargo runs in it."""
        self.asked.clear()
        self.vendor()
        [argv] = (argv for argv in self.asked if argv[0] == "bwrap")
        return argv[argv.index("/workspace") - 1], argv[argv.index("--chdir") + 1]

    def sees(self) -> dict[str, str]:
        """Vendor, and return what the sandbox shows in /workspace: each path there, and on this machine."""
        self.asked.clear()
        self.vendor()
        [argv] = (argv for argv in self.asked if argv[0] == "bwrap")
        return {
            word: argv[at - 1]
            for at, word in enumerate(argv)
            if argv[at - 2] == "--ro-bind" and word.startswith("/workspace")
        }

    def answer(self, argv: Sequence[str], _: Mapping[str, str]) -> str:
        self.asked.append(argv)
        if argv[0] == "rustc":
            return "/usr\n"
        if argv[:2] == ("cargo", "tree"):
            return self.tree(" ".join(argv))
        if argv[0] == "cargo":
            return json.dumps(
                {"packages": list(self.packages.values()), "resolve": {"nodes": list(self.nodes.values())}}
            )
        [target] = (argv[at - 1] for at, word in enumerate(argv) if word == "/target" and argv[at - 2] == "--bind")
        messages = []
        for name, lines in self.prints.items():
            vendoring.write(Path(target), {f"build/{name}/output": "\n".join(lines)})
            if name in self.made:
                vendoring.write(Path(target), {f"build/{name}/out/{self.made[name]}": ""})
            messages.append(
                {"reason": "build-script-executed", "package_id": name, "out_dir": f"/target/build/{name}/out"}
            )
        return "\n".join(map(json.dumps, messages))

    def tree(self, command: str) -> str:
        """Return what `cargo tree` prints, without the packages that a word of the command leaves out.

        A package that comes again has a mark, which cargo 1.95 colours where CARGO_TERM_COLOR is ``always``.
        """
        lines = [
            f"{name} v1.2.3{' (proc-macro)' if name == 'two' else ''}|{','.join(node['features'])}"
            for name, node in self.nodes.items()
            if self.unbuilt.get(name, "none of it") not in command
        ]
        mark = "(*)" if "--color=never" in command else "\x1b[33m\x1b[2m(*)\x1b[39m\x1b[22m"
        return "\n".join([*lines, "", *(f"{line} {mark}" for line in lines)])

    def vendor(self, **more: Any) -> Vendored:
        text = "".join(
            f'[[package]]\nname = "{name}"\nversion = "1.2.3"\nsource = "{REGISTRY}"\nchecksum = "{SUM}"\n'
            for name, package in self.packages.items()
            if package["source"]
        )
        vendoring.write(self.folder, {"Cargo.lock": text})
        return rust.vendor(vendoring.request(self.folder, self.answer, **more))
