"""The findings as lines for a terminal and as JSON for a script.

Pure.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from assistant.doctor.findings import Finding, State, failed

MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL", "skip": "-   "}


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield one line a finding, its mending line below it, and a last line that counts."""
    width = max((len(finding.check) for finding in findings), default=0)
    for finding in findings:
        yield f"{MARKS[finding.state]}  {finding.check:<{width}}  {finding.text}"
        if finding.mend:
            yield f"      {'':<{width}}  -> {finding.mend}"
    counts = Counter(finding.state for finding in findings)
    words: dict[State, str] = {"ok": "ok", "warn": "to look at", "fail": "failed", "skip": "not looked at"}
    yield ", ".join(f"{counts[state]} {said}" for state, said in words.items())


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as one JSON object, with `ok` for scripts."""
    return json.dumps(
        {"ok": not failed(findings), "findings": [asdict(finding) for finding in findings]},
        ensure_ascii=False,
        indent=1,
    )
