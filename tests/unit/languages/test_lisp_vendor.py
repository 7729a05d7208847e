"""`linkmode vendor lisp`: a local dist in Quicklisp's format, its checksums and pins, and what is refused."""

import hashlib
from pathlib import Path

import pytest
import vendoring
from lisp_dist import WEB, WORDS, Dist, archive

from linkmode.languages.sbcl import vendor as lisp
from linkmode.messages import ConfigError, IntegrityError
from linkmode.model.vendored import Glob


@pytest.fixture
def dist(tmp_path: Path) -> Dist:
    made = Dist(tmp_path)
    made.write()
    return made


def test_a_target_for_each_asd_file_that_is_needed_with_its_sources_and_its_needs(dist: Dist) -> None:
    found = dist.vendor("web", libraries={"web": "//c:ssl"})
    assert [rule.name for rule in found.rules] == ["web", "words"]
    lisp_files = tuple(f"web-2/**/*.{ending}" for ending in ("lisp", "lsp", "cl"))
    assert vendoring.rule(found, "web").attributes == {
        "srcs": Glob(lisp_files),
        "asd": ["web-2/web.asd"],
        "compile_data": Glob(("web-2/**",), lisp_files),
        "contribs": ["asdf"],
        "systems": ["web"],
        "deps": [":words", "//c:ssl"],
    }
    assert vendoring.rule(found, "words").attributes["contribs"] == []
    assert set(found.sources) == {
        *(f"web-2/{name}" for name in WEB),
        *(f"words-1/{name}" for name in WORDS),
    }


def test_only_what_is_needed_is_taken_and_systems_of_one_file_are_one_target(dist: Dist) -> None:
    assert dist.vendor("words").packages == ("words",)
    assert vendoring.rule(dist.vendor("web/tests"), "web").attributes["systems"] == ["web", "web/tests"]


def test_an_archive_is_pinned_when_it_is_first_seen_and_held_to_that(dist: Dist) -> None:
    found = dist.vendor("words")
    digest = hashlib.sha256(dist.archives["words"]).hexdigest()
    assert f'sha256 = "{digest}"' in found.files["archives.toml"].decode()
    assert dist.vendor("words").files == found.files
    dist.archives["words"] = archive("words-1", {**WORDS, "src/words.lisp": "(other)\n"})
    dist.write()  # the dist's own checksums follow; the pin does not
    with pytest.raises(IntegrityError, match=r"words-1\.tgz: SHA-256 is \w{64}; .*archives\.toml says \w{64}"):
        dist.vendor("words")


def test_bytes_that_the_dist_does_not_say_are_refused(dist: Dist) -> None:
    (dist.folder / "archives/words-1.tgz").write_bytes(b"other")
    with pytest.raises(IntegrityError, match="2 problems") as caught:
        dist.vendor("words")
    assert "has 5 bytes; releases.txt says" in str(caught.value)
    assert "MD5 is" in str(caught.value)


def test_a_system_that_the_dist_lacks_is_refused_with_who_names_it(dist: Dist) -> None:
    dist.systems[1] = "web web web words gone"
    dist.write()
    with pytest.raises(ConfigError, match="gone: the dist has no such system, which web names"):
        dist.vendor("web")
    with pytest.raises(ConfigError, match="other: the dist has no such system, which the command line names"):
        dist.vendor("other")


def test_systems_that_need_each_other_are_refused(dist: Dist) -> None:
    dist.systems[0] = "words words words web"
    dist.write()
    with pytest.raises(ConfigError, match=r"2 problems") as caught:
        dist.vendor("web")
    assert "web.asd of web: its systems and those of other files need each other" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "words",
        *(f"words u {size} 00000000000000000000000000000000 0 words-1" for size in ("x", "²", "-1", "9" * 5000)),
    ],
)
def test_a_line_that_is_none_of_a_dist_is_named(dist: Dist, line: str) -> None:
    (dist.folder / "releases.txt").write_text(f"# header\n{line}\n")
    with pytest.raises(ConfigError, match=r"releases\.txt: line 2 is none of a dist"):
        dist.vendor("words")


def test_a_folder_above_cannot_be_named(dist: Dist) -> None:
    text = (dist.folder / "releases.txt").read_text()
    for prefix in ("..", "a/b"):
        for after in (text.replace(" words-1 ", f" {prefix} "), text.replace(" words-1 words.asd", f" {prefix}")):
            (dist.folder / "releases.txt").write_text(after)
            with pytest.raises(ConfigError, match="is none of a dist"):
                dist.vendor("words")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/words-1.tgz", "ftp://example.com/words-1.tgz"])
def test_the_url_of_a_release_is_that_of_a_publisher(dist: Dist, url: str) -> None:
    text = (dist.folder / "releases.txt").read_text()
    (dist.folder / "releases.txt").write_text(text.replace("http://dist.example.com/words-1.tgz", url))
    with pytest.raises(ConfigError, match=r"releases\.txt: line \d is none of a dist") as caught:
        dist.vendor("words")
    assert url in str(caught.value.expected)


def test_a_missing_archive_a_missing_asd_file_and_a_missing_dist_are_named(dist: Dist, tmp_path: Path) -> None:
    dist.files["words"] = "other.asd"
    dist.write()
    with pytest.raises(ConfigError, match=r"releases\.txt lists no words\.asd"):
        dist.vendor("words")
    (dist.folder / "archives/words-1.tgz").unlink()
    with pytest.raises(ConfigError, match=r"words-1\.tgz: is missing") as caught:
        dist.vendor("words")
    assert "http://dist.example.com/words-1.tgz" in caught.value.expected
    with pytest.raises(ConfigError, match=r"systems\.txt: is missing|releases\.txt: is missing"):
        lisp.vendor(vendoring.request(tmp_path, names=("words",), archives=tmp_path))


def test_a_file_that_is_not_the_archives_is_refused(dist: Dist) -> None:
    dist.vendor("words")
    vendoring.write(dist.root, {"vendor/words-1/src/extra.lisp": ""})
    with pytest.raises(ConfigError, match=r"extra\.lisp: is not of the archive of words"):
        dist.vendor("words")


def test_a_folder_that_was_there_before_is_left_alone(dist: Dist) -> None:
    vendoring.write(dist.root, {"vendor/words-1/words.asd": "mine\n"})
    with pytest.raises(ConfigError, match=r"words\.asd: is not of the archive of words"):
        dist.vendor("words")


def test_a_link_in_an_archive_is_refused(dist: Dist) -> None:
    dist.archives["words"] = archive("words-1", WORDS, link="src/link.lisp")
    dist.write()
    with pytest.raises(IntegrityError, match=r"src/link\.lisp"):
        dist.vendor("words")


def test_nothing_is_written_through_a_link(dist: Dist, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    for name in ("vendor/words-1", "vendor/words-1/src"):
        (dist.root / name).parent.mkdir(parents=True, exist_ok=True)
        (dist.root / name).symlink_to(tmp_path / "else")
        with pytest.raises(ConfigError, match=rf"{name}: is not of the archive of words"):
            dist.vendor("words")
        (dist.root / name).unlink()


@pytest.mark.parametrize("text", ["[words", "words = 1", "[words]\nsha256 = []"])
def test_pins_that_cannot_be_read_are_named(dist: Dist, text: str) -> None:
    vendoring.write(dist.root, {"vendor/archives.toml": text})
    with pytest.raises(ConfigError, match=r"archives\.toml: ") as caught:
        dist.vendor("words")
    assert "take the file as it was committed" in caught.value.hint
