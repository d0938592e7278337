"""The Grafana dashboard and the alert rules ask for metrics and labels that `/metrics` really has."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.environment import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "routes.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
OF_HISTOGRAMS = ("_bucket", "_sum", "_count")
SELECTOR = re.compile(r"(support_\w+)(?:\{([^}]*)\})?")
GROUPING = re.compile(r"\b(?:by|ignoring|on|group_left)\s*\(([^)]*)\)")


def documented() -> dict[str, set[str]]:
    """Return the labels of each metric in docs/metrics.md, which a test holds to the endpoint."""
    lines = (ROOT / "docs" / "metrics.md").read_text().splitlines()
    cells = [line.split("|") for line in lines if line.startswith("| `support_")]
    return {row[1].strip(" `"): {label.strip() for label in row[2].split(",")} - {"-"} for row in cells}


def dashboard_expressions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def alert_expressions() -> Iterator[str]:
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]


@pytest.mark.parametrize("expression", [*dashboard_expressions(), *alert_expressions()])
def test_every_metric_and_label_is_there(expression: str) -> None:
    known = documented()
    labels: set[str] = set()
    asked = SELECTOR.findall(expression)
    assert asked
    for name, selector in asked:
        bare = next((name.removesuffix(end) for end in OF_HISTOGRAMS if name.endswith(end)), name)
        assert bare in known, name
        labels |= known[bare]
        told = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        assert told <= known[bare], (name, told)
    grouped = {label.strip() for group in GROUPING.findall(expression) for label in group.split(",")} - {
        "",
        "le",
    }
    assert grouped <= labels


def test_alerts_say_what_happened_and_how_bad_it_is() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_every_panel_has_a_title_and_a_place_of_its_own() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["title"] for panel in panels}) == len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
