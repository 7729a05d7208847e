"""What CI makes of skipped tests (.ci/skipped.py): some must not be, or nothing is proven."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "skipped.py"
AIR_GAP = ("tests.unit.test_air_gap", "test_lock_fetch_and_generate_without_a_network[http]", "no network namespace: …")
PAGE = ("tests.e2e.test_audit_page", "test_it_is_drawn_in_colours_and_prints", "takes Debian's chromium")
GRAALVM = ("tests.e2e.test_graalvm_real", "test_the_real_native_image[7.7.1]", "LINKMODE_GRAALVM=replay asks for …")
OTHER = ("tests.fault.test_fetch_store", "test_a_full_disk", "cannot mount a tmpfs here")
SHARED = ("tests.unit.x", "test_x", "../shared is not there")


def report(path: Path, *skipped: tuple[str, str, str]) -> str:
    cases = "".join(
        f'<testcase classname="{file}" name="{name}"><skipped message="{why}"/></testcase>'
        for file, name, why in skipped
    )
    path.write_text(f'<testsuites><testsuite>{cases}<testcase classname="a" name="b"/></testsuite></testsuites>')
    return str(path)


@pytest.mark.parametrize(
    ("skipped", "ci", "is_shared", "code", "said"),
    [
        ((), "true", True, 0, ""),
        ((OTHER,), "true", True, 0, ""),
        ((AIR_GAP,), "true", False, 1, "[http] was skipped, and must not be in CI: a machine without a network"),
        ((AIR_GAP,), "", False, 0, ""),
        ((PAGE,), "true", False, 1, "and must not be in CI: only a browser shows"),
        ((PAGE,), "", False, 0, ""),
        (
            (GRAALVM,),
            "true",
            False,
            1,
            "must not be in CI: only native-image itself shows",
        ),
        ((GRAALVM,), "", False, 0, ""),
        ((SHARED,), "", True, 1, "1 tests were skipped for want of ../shared, which is there"),
        ((SHARED,), "true", False, 0, ""),
    ],
)
def test_which_skips_fail(
    tmp_path: Path, skipped: tuple[tuple[str, str, str], ...], ci: str, is_shared: bool, code: int, said: str
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    if is_shared:
        (tmp_path / "shared").mkdir()
    command = [sys.executable, str(SCRIPT), report(tmp_path / "test.xml", *skipped)]
    environment = {**os.environ, "CI": ci}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert bool(done.stderr) == bool(code)
    assert done.stdout.splitlines() == ([f"{file}.{name}: {why}" for file, name, why in skipped] or ["nothing"])


def test_a_skip_is_made_up_for_by_another_report_that_has_the_test_as_run(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    ran = f'<testsuite><testcase classname="{PAGE[0]}" name="{PAGE[1]}"/></testsuite>'
    (tmp_path / "e2e.xml").write_text(ran)
    command = [sys.executable, str(SCRIPT), report(tmp_path / "test.xml", PAGE), str(tmp_path / "e2e.xml")]
    environment = {**os.environ, "CI": "true"}
    done = subprocess.run(command, cwd=tmp_path / "repository", env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
