"""What pip installs from the wheel and from the sdist generates the same bytes as the checkout."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest
from harness.places import EXAMPLES, ROOT


def _pip(python: Path, *arguments: str) -> None:
    """Run pip; skip when the package index cannot be reached, and fail on all else."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode and "No matching distribution found" in done.stderr:
        pytest.skip(f"the package index does not answer: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr


def _generated(linkmode: list[str], folder: Path, example: Path) -> dict[str, bytes]:
    folder.mkdir()
    for name in ("linkmode.toml", "linkmode.lock"):
        (folder / name).write_bytes((example / name).read_bytes())
    subprocess.run([*linkmode, "generate"], cwd=folder, check=True, capture_output=True)
    tree = folder / "third_party"
    return {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("kind", ["wheel", pytest.param("sdist", marks=pytest.mark.tier("bazel"))])
def test_an_installed_linkmode_generates_what_the_checkout_does(tmp_path: Path, kind: str) -> None:
    dist = tmp_path / "dist"
    if kind == "wheel":
        _pip(Path(sys.executable), "wheel", "--quiet", "--no-deps", f"--wheel-dir={dist}", str(ROOT))
    else:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(dist)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (package,) = dist.iterdir()
    venv.create(tmp_path / "venv", with_pip=True)
    _pip(tmp_path / "venv/bin/python", "install", "--quiet", str(package))

    for example in sorted(EXAMPLES.iterdir()):
        of_package = _generated([str(tmp_path / "venv/bin/linkmode")], tmp_path / f"installed-{example.name}", example)
        of_checkout = _generated([sys.executable, "-m", "linkmode"], tmp_path / f"checkout-{example.name}", example)
        assert len(of_package) > (30 if (example / "BUILD.bazel").exists() else 1)
        assert of_package == of_checkout
