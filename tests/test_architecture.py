"""Rules about who may know whom that import-linter cannot see."""

import tomllib
from typing import Any

from django.apps import apps
from django.db.models import ForeignObjectRel

from tests.environment import ROOT

PACKAGES = {"assistant", "faq", "routing", "common"}
MAY_POINT_TO = {
    "assistant": PACKAGES,
    "faq": {"faq", "common"},
    "routing": {"routing", "common"},
    "common": {"common"},
}


def crossing_relations() -> list[str]:
    found = []
    for model in apps.get_models():
        owner = model._meta.app_label
        if owner not in PACKAGES:
            continue
        for field in model._meta.get_fields():
            other = field.related_model
            if isinstance(field, ForeignObjectRel) or other is None or isinstance(other, str):
                continue
            target = other._meta.app_label
            if target in PACKAGES - MAY_POINT_TO[owner]:
                found.append(f"{owner}.{model.__name__}.{field.name} -> {target}")
    return found


def test_no_model_points_up_the_layers() -> None:
    assert crossing_relations() == []


def test_the_walk_sees_relations() -> None:
    """The same walk, told that assistant may know nobody, finds the relations that do exist."""
    saved = MAY_POINT_TO["assistant"]
    MAY_POINT_TO["assistant"] = set()
    try:
        assert "assistant.Turn.conversation -> assistant" in crossing_relations()
    finally:
        MAY_POINT_TO["assistant"] = saved


def contracts() -> list[dict[str, Any]]:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return list(found)


def test_every_module_of_a_pure_layer_is_forbidden_to_know_a_framework() -> None:
    bottoms = {
        f"{contract['containers'][0]}.{module}"
        for contract in contracts()
        if contract.get("exhaustive")
        for module in contract["layers"][-1].split(" : ")
    }
    forbidden = next(contract for contract in contracts() if contract["type"] == "forbidden")
    assert bottoms <= set(forbidden["source_modules"])
