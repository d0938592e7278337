"""The documents say what is there: every variable, frame and command, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from assistant import protocol
from tests.environment import ROOT

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_VARIABLES = {"INFO", "ORT_DISABLE_TELEMETRY"}  # a value, and what is set for a library


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def rows_of(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(cell: str) -> str:
    return cell.split("`")[1] if "`" in cell else cell


def variables_read() -> set[str]:
    """Return every variable that common/env.py asks for; a name with a free part keeps it as <NAME>."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text_of("common/env.py"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} if re.fullmatch(r"[A-Z][A-Z_]+[A-Z]", node.value) else set()
    found -= NOT_VARIABLES
    vendors = ("GEMINI", "ANTHROPIC", "OPENAI")
    found |= {f"{vendor}_{part}" for vendor in vendors for part in ("API_KEY", "BASE_URL", "MODELS")}
    return found | {f"PROVIDER_<NAME>_{part}" for part in ("WIRE", "BASE_URL", "KEY", "MODELS")}


def variables_documented() -> set[str]:
    """Return the variables of the first column of the tables in docs/settings.md."""
    lines = (line for line in text_of("docs/settings.md").splitlines() if line.startswith("| `"))
    return {name for line in lines for name in re.findall(r"`([^`]+)`", line.split("|")[1])}


def test_every_variable_is_documented_and_no_other() -> None:
    assert variables_read() == variables_documented()


def test_the_example_file_names_every_variable() -> None:
    example = set(re.findall(r"^# ([A-Z][A-Z_]+)=", text_of(".env.example"), re.MULTILINE))
    assert example == {name.replace("<NAME>", "HOME") for name in variables_read()}


def test_every_frame_of_the_client_is_documented_with_its_fields() -> None:
    documented = {
        named(row[0]): tuple(
            field for field in re.findall(r"`([a-z_]+\??)`", row[1]) if field not in ("up", "down")
        )
        for row in rows_of(text_of("docs/protocol.md"), "What the client sends")
    }
    assert documented == dict(protocol.CLIENT_FRAMES)


def test_every_frame_of_the_server_is_documented() -> None:
    rows = rows_of(text_of("docs/protocol.md"), "What the server sends")
    assert {named(row[0]) for row in rows} == set(protocol.SERVER_FRAMES)


def test_every_error_and_close_code_is_documented() -> None:
    text = text_of("docs/protocol.md")
    assert {named(row[0]) for row in rows_of(text, "Error codes")} == set(protocol.ERROR_CODES)
    documented = {int(row[0]) for row in rows_of(text, "Close codes")}
    assert {value for name, value in vars(protocol).items() if name.startswith("CLOSE_")} <= documented


def links() -> Iterator[tuple[Path, str]]:
    for page in DOCS:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if not re.match(r"[a-z]+:", target):
                yield page, target


def test_links_between_documents_lead_somewhere() -> None:
    assert [f"{page.name}: {target}" for page, target in links() if not (page.parent / target).exists()] == []


def test_every_command_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    commands = set(get_commands())
    for page in DOCS:
        text = page.read_text()
        assert set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z]+)", text)) <= targets, page.name
        assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= commands, page.name


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_paths_that_are_named_exist(page: Path) -> None:
    named_paths = re.findall(
        r"`((?:assistant|routing|faq|common|docs|tests|deploy)/[\w/.]+\w)`", page.read_text()
    )
    assert [path for path in named_paths if not (ROOT / path).exists()] == []
