"""What of Go's environment tells a CPU: the builder's macros for the assembler against those of cmd/go itself."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from linkmode.model import resources
from linkmode.model.cpus import CPUS, Cpu

SOURCE = resources.templates() / "common" / "languages" / "go" / "builder" / "architecture.go"
MAIN = """package main

import "fmt"

func main() {
\tname, value := architecture()
\tfmt.Println(name, value, archDefines())
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("go"):
        pytest.skip("no go here")
    folder = tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(MAIN)
    (folder / "go.mod").write_text("module defines\n")
    shutil.copy(str(SOURCE), folder)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    subprocess.run(["go", "build", "-o", "defines", "."], cwd=folder, env=environment, check=True)
    return folder / "defines"


@pytest.mark.parametrize("cpu", CPUS.values(), ids=lambda cpu: cpu.name)
def test_the_assembler_gets_what_cmd_go_gives_it(cpu: Cpu, program: Path) -> None:
    settings = {"GOARCH": cpu.go, **({"GOAMD64": "v1"} if cpu.go == "amd64" else {}), **cpu.go_settings}
    ours = subprocess.run(
        [str(program)], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    ).stdout
    environment = {**os.environ, **settings, "GOOS": "linux", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    said = subprocess.run(
        ["go", "build", "-a", "-n", "internal/cpu"], env=environment, capture_output=True, text=True, check=True
    ).stderr
    theirs = {macro for macro in re.findall(r"-D (GO\S+)", said) if not macro.startswith(("GOOS_", "GOARCH_"))}
    assert theirs == set(re.findall(r"-D (GO[A-Z0-9]+_[a-z0-9]+)", ours.replace("[", " ").replace("]", " ")))
    # what a row says is all that there is to say: a CPU without settings is one that Go has no variable for
    assert bool(cpu.go_settings) == bool(theirs - {"GOAMD64_v1"}), ours
