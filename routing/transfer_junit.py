"""A transfer test as JUnit XML, for a CI server. Pure.

The shape is that of https://github.com/testmoapp/junitxml: a suite with properties, a testcase each, and in
it `properties` and at most one `failure`.
"""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from common.money import from_pico
from routing.transfer_report import CaseReport

# What XML 1.0 has no way to say, not even escaped: control characters and lone surrogates.
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(name: str, reports: Sequence[CaseReport]) -> bytes:
    """Return the XML of a run; each case is a testcase whose time is that of all its repetitions, in s."""
    failed = sum(not report.ok for report in reports)
    counts = {"tests": str(len(reports)), "failures": str(failed), "errors": "0"}
    root = Element("testsuites", {"name": _said(name), **counts, "time": _seconds(reports)})
    suite = SubElement(root, "testsuite", {"name": _said(name), **counts, "time": _seconds(reports)})
    for report in reports:
        _case(suite, report)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _case(suite: Element, report: CaseReport) -> None:
    routes = sorted({each.asked_route for each in report.repetitions})
    attributes = {
        "name": _said(report.case.title),
        "classname": _said(f"transfer.{'.'.join(routes) or 'none'}"),
        "time": _seconds([report]),
    }
    case = SubElement(suite, "testcase", attributes)
    properties = SubElement(case, "properties")
    for key, value in _properties(report).items():
        SubElement(properties, "property", {"name": key, "value": value})
    if not report.ok:
        first = report.failures[0] if report.failures else "It was not asked often enough."
        failure = SubElement(case, "failure", {"message": _said(first), "type": "transfer"})
        failure.text = _said("\n".join(report.failures))


def _properties(report: CaseReport) -> dict[str, str]:
    cost = report.cost_pico
    found = {
        "case": str(report.case.id),
        "repetitions": str(len(report.repetitions)),
        "passed": str(report.passed),
        "repeatability": _share(report.repeatability),
        "agreement_by_words": _share(report.agreement),
        "first_text_ms": "" if report.first_text_ms is None else str(report.first_text_ms),
        "cost_usd": "" if cost is None else f"{from_pico(cost):f}",
    }
    return {name: value for name, value in found.items() if value}


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _seconds(reports: Sequence[CaseReport]) -> str:
    spent = sum(each.total_ms or 0 for report in reports for each in report.repetitions)
    return f"{spent / 1000:.3f}"


def _said(text: str) -> str:
    return _UNSAYABLE.sub("\ufffd", text)
