"""A release serves its modules and styles under hashed names that point at each other."""

import re
from pathlib import Path

from django.core.management import call_command
from pytest_django import Settings

from tests.environment import ROOT

SOURCE = ROOT / "assistant/static/assistant"
# Script and style of the whole page, gzipped; other chat widgets weigh 43 to 455 KB.
WEIGHT_LIMIT = 40 * 1024
LATER = "events."  # fetched by the few pages that cannot open a socket
LATER_LIMIT = 4 * 1024
ELSEWHERE = "plain."  # of the pages beside the chat: not found, refused, the visitor's data


def test_collected_modules_import_each_other_by_hashed_names_and_stay_light(
    settings: Settings, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    storage = {"BACKEND": "assistant.static_files.DeskStaticStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}
    call_command("collectstatic", interactive=False, verbosity=0)
    collected = tmp_path / "assistant"
    hashed = {path.name for path in collected.glob("*.????????????.js")}
    assert len(hashed) == len(list(SOURCE.glob("*.js")))
    fetched_later = set()
    for name in hashed:
        text = (collected / name).read_text()
        for target in re.findall(r'^import .* from "\./([^"]+)";', text, re.MULTILINE):
            assert target in hashed, f"{name} imports {target}"
        fetched_later |= set(re.findall(r'import\("\./([^"]+)"\)', text))
    assert fetched_later == {name for name in hashed if name.startswith(LATER)}
    weights = {path.name: path.stat().st_size for path in collected.glob("*.????????????.*.gz")}
    later = sum(weight for name, weight in weights.items() if name.startswith(LATER))
    assert 1_000 < later < LATER_LIMIT
    elsewhere = sum(weight for name, weight in weights.items() if name.startswith(ELSEWHERE))
    assert elsewhere > 200
    assert 5_000 < sum(weights.values()) - later - elsewhere < WEIGHT_LIMIT


def test_nothing_is_fetched_from_elsewhere_or_evaluated() -> None:
    files = [*SOURCE.glob("*.js"), *SOURCE.glob("*.css"), *(ROOT / "templates").glob("*.html")]
    assert len(files) > 10
    for path in files:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://[\w.-]+\.\w", text), path
        assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML", text), (
            path
        )
        # HTML goes in through the template element of dom.js and nowhere else.
        assert text.count("innerHTML") == (path.name == "dom.js"), path
