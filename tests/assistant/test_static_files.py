"""A release serves its modules and styles under hashed names that point at each other, without comments."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.environment import ROOT

SOURCE = ROOT / "assistant/static/assistant"
# Script and style of a usual visit (open, ask, an approved and a model's answer, a thumb), gzipped. The
# promise is 40 KB; other chat widgets weigh 43 to 455 KB.
USUAL_LIMIT = 36 * 1024
# What is fetched when it is wanted, part by part: the line of requests, the form for a person, lists, the
# live chat, what happens in other conversations. No visit fetches all of it.
LATER_LIMIT = 25 * 1024
# Of pages beside the chat (not found, refused, the visitor's data), of the frame on other sites, where
# the chat cannot start, and of paper (browsers fetch a style sheet for print last; nothing waits for it).
ELSEWHERE = {"plain.css", "embed.css", "jar.js", "still.css", "paper.css"}

IMPORT = re.compile(r'\bimport\b[^"()]*?from "\./([^"]+)"')
LATER = re.compile(r'\bimport\("\./([^"]+)"\)|new URL\("\./([^"]+\.css)"')


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    storages = {"staticfiles": {"BACKEND": "assistant.static_files.DeskStaticStorage"}}
    with override_settings(STATIC_ROOT=folder, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder / "assistant"


def original(name: str) -> str:
    """Return the source's name of a hashed file."""
    return re.sub(r"\.[0-9a-f]{8}\.", ".", name)


def reached(start: set[str], ways: dict[str, set[str]]) -> set[str]:
    """Return what `start` leads to, itself included."""
    found: set[str] = set()
    ahead = set(start)
    while ahead:
        found |= ahead
        ahead = set().union(*(ways.get(name, set()) for name in ahead)) - found
    return found


def test_a_usual_visit_stays_light_and_the_rest_is_fetched_later(collected: Path) -> None:
    hashed = {path.name: path.read_text() for path in collected.glob("*.????????.*s")}
    by_source = {original(name): name for name in hashed}
    assert set(by_source) == {path.name for pattern in ("*.js", "*.css") for path in SOURCE.glob(pattern)}
    imports, later = {}, {}
    for name, text in hashed.items():
        imports[name] = set(IMPORT.findall(text))
        later[name] = {target for found in LATER.findall(text) for target in found if target}
        assert imports[name] | later[name] <= set(hashed), f"{name} points at {imports[name] | later[name]}"
    usual = reached({by_source[name] for name in ("main.js", "still.js", "chat.css")}, imports)
    all_of_it = reached(usual, {name: imports[name] | later[name] for name in hashed})
    assert {original(name) for name in set(hashed) - all_of_it} == ELSEWHERE  # nothing that no page fetches
    packed = {name: collected / f"{name}.gz" for name in hashed}  # but what gzip would not make smaller
    weight = {
        name: (path if path.exists() else collected / name).stat().st_size for name, path in packed.items()
    }
    assert 5_000 < sum(weight[name] for name in usual) < USUAL_LIMIT
    assert 1_000 < sum(weight[name] for name in all_of_it - usual) < LATER_LIMIT


def test_what_is_collected_says_the_same_in_fewer_letters(collected: Path) -> None:
    for path in [*SOURCE.glob("*.js"), *SOURCE.glob("*.css")]:
        (light,) = (other for other in collected.glob(f"{path.stem}.????????{path.suffix}"))
        text, source = light.read_text(), path.read_text()
        assert len(text) < 0.95 * len(source)
        assert "\n// " not in text
        # Texts for people keep every letter.
        for words in re.findall(r'\bt\("([^"\\]+)"', source):
            assert words in text, path
    other = collected.parent / "unfold/js/app.js"
    assert other.read_bytes() == next(other.parent.glob("app.????????.js")).read_bytes()


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
