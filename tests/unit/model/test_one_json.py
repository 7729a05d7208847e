"""JSON is read where it has one meaning, and refused where readers would take different values."""

import msgspec
import pytest

from linkmode.model.one_json import KeyTwiceError, decode


def test_what_has_one_meaning() -> None:
    assert decode(b'{"a": {"a": 1}, "A": [{"a": 2}, {"a": 3}]}', dict) == {"a": {"a": 1}, "A": [{"a": 2}, {"a": 3}]}


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_a_key_twice(text: str) -> None:
    with pytest.raises(KeyTwiceError, match=r"^an object has the key 'a' twice$"):
        decode(text, object)


@pytest.mark.parametrize("key", ["KEYS", "keyS", "\u212aeys", "key\u017f"])
def test_keys_that_differ_in_case_alone(key: str) -> None:
    text = f'{{"keys": 1, "{key}": 2}}'
    assert decode(text, dict) == {"keys": 1, key: 2}
    with pytest.raises(KeyTwiceError, match=r"^an object has the key 'keys' twice$"):
        decode(text, dict, any_case={"keys"})


def test_keys_that_no_program_looks_for_may_differ_in_case() -> None:
    text = '{"keys": {"Maintainer": "a", "maintainer": "b"}}'
    assert decode(text, dict, any_case={"keys"}) == {"keys": {"Maintainer": "a", "maintainer": "b"}}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"1" * 5000, '{"a": 1}'.encode("utf-16"), b"[1]"])
def test_what_is_something_else(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data, dict[str, str])


def test_a_key_of_many_that_is_twice_is_found_at_once() -> None:
    keys = ", ".join(f'"{number}": 0' for number in (*range(200_000), 199_999))
    with pytest.raises(KeyTwiceError, match="'199999' twice"):
        decode(f"{{{keys}}}", dict)
