"""What does not hold, in the forms that CI systems read: SARIF 2.1.0, JUnit's XML, GitHub's annotations."""

import json
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from linkmode import __version__
from linkmode.audit.show.report import Audited, complaints

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_NOT_AUDITED = "not-audited"


def as_sarif(files: tuple[Audited, ...]) -> str:
    """Return SARIF (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): errors; hazards and weaknesses as warnings."""
    results = [result for one in files for result in _results(one)]
    rules = [{"id": rule} for rule in sorted({result["ruleId"] for result in results})]
    driver = {"name": "linkmode audit", "version": __version__, "rules": rules}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(document, indent=2) + "\n"


def _findings(one: Audited) -> list[tuple[str, str, str]]:
    # (level, rule, words)
    found = [("error", _NOT_AUDITED, f"not audited: {one.error}")] if one.error is not None else []
    for failure in one.failures:
        words = f"{failure.check} does not hold: expected {failure.expected}; found {failure.found}. {failure.fix}"
        found.append(("error", failure.check.partition(" ")[0].lstrip("-"), words))
    if one.verdict is not None:
        found += [("warning", f"hazard-{one.kind}", f"{one.words} ({one.evidence})") for one in one.verdict.hazards]
        found += [
            ("warning", f"advisory-{one.id}", f"{one.component} {one.version}: {one.summary} Fixed in {one.fixed_in}.")
            for one in one.verdict.weaknesses
        ]
    return found


def _results(one: Audited) -> list[dict[str, Any]]:
    # A member of an archive has no place of its own for a reader to open: the archive has.
    artifact, _, member = one.path.partition(":")
    where: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": artifact}}}
    if member:
        where["logicalLocations"] = [{"fullyQualifiedName": one.path}]
    return [
        {"ruleId": rule, "level": level, "message": {"text": words}, "locations": [where]}
        for level, rule, words in _findings(one)
    ]


def as_junit(files: tuple[Audited, ...]) -> str:
    """Return a test case for each file: a failure where an expectation does not hold, an error where none was asked."""
    failed, errors = sum(bool(one.failures) for one in files), sum(one.error is not None for one in files)
    counts = f'tests="{len(files)}" failures="{failed}" errors="{errors}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuite name="linkmode audit" {counts}>']
    for one in files:
        case = f'  <testcase classname="linkmode.audit" name={quoteattr(one.path)}'
        tag = "error" if one.error is not None else "failure" if one.failures else ""
        if not tag:
            lines.append(f"{case}/>")
            continue
        short = one.error or ", ".join(f"{failure.check} does not hold" for failure in one.failures)
        body = escape(complaints(one))
        lines += [f"{case}>", f"    <{tag} message={quoteattr(short)}>{body}</{tag}>", "  </testcase>"]
    return "\n".join([*lines, "</testsuite>"]) + "\n"


def as_annotations(files: tuple[Audited, ...]) -> str:
    """Return workflow commands of GitHub Actions: errors, then warnings, of which it shows ten each.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
    """
    found = [(level, rule, words, one.path) for one in files for level, rule, words in _findings(one)]
    return "".join(
        f"::{level} file={_escaped(path.partition(':')[0], ':,')},title={_escaped(rule, ':,')}::"
        f"{_escaped(f'{path}: {words}')}\n"
        for level, rule, words, path in sorted(found, key=lambda each: each[0])
    )


def _escaped(text: str, also: str = "") -> str:
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{also}" else char for char in text)
