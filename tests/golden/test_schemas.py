"""The shipped JSON schemas say what the values are, whichever release of msgspec is asked.

msgspec indents docstrings in one release and not in another, orders alternatives as it likes, and says more with each
release: the schemas are compared by what they mean. ``--update-golden`` writes them, by the release that is installed:
`make generated` does that with the locked one.
"""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from schemas import meaning

from linkmode.audit.show import diff, report

SHIPPED: dict[str, Callable[[], str]] = {
    "audit-report.schema.json": report.schema,
    "audit-diff.schema.json": diff.schema,
}


@pytest.mark.parametrize(("file", "make"), SHIPPED.items(), ids=SHIPPED)
def test_the_shipped_schema_is_that_of_the_values(
    file: str, make: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    shipped = resources.files("linkmode.audit.show").joinpath(file)
    if request.config.getoption("--update-golden"):
        Path(str(shipped)).write_text(make(), encoding="utf-8")
    assert meaning(json.loads(shipped.read_text(encoding="utf-8"))) == meaning(json.loads(make())), (
        "if this is meant: make generated"
    )


def test_the_way_of_writing_is_not_the_meaning() -> None:
    one = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/A"}], "description": "One.\n\n    Two,\n    three.\n    "}
    other = {"description": "One.\n\nTwo, three.", "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}
    assert meaning(one) == meaning(other)
    assert meaning({"type": "object", "propertyNames": {"enum": ["a"]}}) == meaning({"type": "object"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, {"anyOf": [{"type": "null"}, {"type": "integer"}]}),
        ({"required": ["a", "b"]}, {"required": ["a"]}),
        ({"description": "One thing."}, {"description": "Another thing."}),
        (
            {"prefixItems": [{"type": "null"}, {"type": "string"}]},
            {"prefixItems": [{"type": "string"}, {"type": "null"}]},
        ),
        ({"properties": {"type": {"enum": ["a"]}}}, {"properties": {"type": {"enum": ["b"]}}}),
        ({"properties": {"propertyNames": {"type": "string"}}}, {"properties": {}}),
        ({"minimum": 0}, {}),
    ],
)
def test_another_meaning_is_not_hidden(one: object, other: object) -> None:
    assert meaning(one) != meaning(other)
