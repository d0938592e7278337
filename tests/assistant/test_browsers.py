"""What visitors' browsers must know: nothing in the page or the loader is newer than docs/chat.md says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import ROOT

PAGE = ROOT / "assistant/static/assistant"
# The oldest versions that run the page, by MDN's tables of November 2026. Array.at() needs this Chrome,
# the dialog element these of Firefox and Safari.
OLDEST = {"Chrome": "92", "Firefox": "98", "Safari": "15.4"}

# Each with how it is found, an example, and the first Chrome, Firefox and Safari that know it.
TOO_NEW = {
    "Object.hasOwn": (r"\bObject\.hasOwn\(", "Object.hasOwn(a, b)", "93, 92, 15.4"),
    "class static block": (r"\bstatic\s*\{", "static { x(); }", "94, 93, 16.4"),
    "Array.findLast": (r"\.findLast(Index)?\(", "a.findLast(f)", "97, 104, 15.4"),
    "structuredClone": (r"\bstructuredClone\(", "structuredClone(a)", "98, 94, 15.4"),
    "inert": (r"\binert\b", "node.inert = true", "102, 112, 15.5"),
    "checkVisibility": (r"\.checkVisibility\(", "a.checkVisibility()", "105, 106, 17.4"),
    "Array.toSorted": (r"\.(toSorted|toReversed|toSpliced)\(", "a.toSorted()", "110, 115, 16"),
    "scrollend": (r"\bscrollend\b", 'on("scrollend")', "114, 109, 26.2"),
    "popover": (r"\bpopover", "showPopover; popover", "114, 125, 17"),
    "AbortSignal.any": (r"\bAbortSignal\.(any|timeout)\(", "AbortSignal.any([])", "124, 124, 17.4"),
    "Object.groupBy": (r"\b(Object|Map)\.groupBy\(", "Object.groupBy(a, f)", "117, 119, 17.4"),
    "Promise.withResolvers": (r"\.withResolvers\(", "Promise.withResolvers()", "119, 121, 17.4"),
    "URL.canParse": (r"\bURL\.canParse\(", "URL.canParse(a)", "120, 115, 17"),
    "Array.fromAsync": (r"\bArray\.fromAsync\(", "Array.fromAsync(a)", "121, 115, 16.4"),
    "Intl.Segmenter": (r"\bIntl\.Segmenter\b", "new Intl.Segmenter()", "87, 125, 14.1"),
    "dialog.requestClose": (r"\.requestClose\(", "dialog.requestClose()", "134, 139, 18.4"),
    "requestIdleCallback alone": (
        r"\brequestIdleCallback\b(?! \?\?)",
        "requestIdleCallback(f)",
        "47, 55, none",
    ),
    "lookbehind": (r"\(\?<[=!]", r"/(?<=a)b/", "62, 78, 16.4"),
    "CSS nesting": (r"[{;}]\s*&", "a { & b { top: 0 } }", "120, 117, 17.2"),
    "media range": (r"\((width|height)\s*[<>]", "@media (width < 20rem)", "104, 63, 16.4"),
    "@container": (r"@container\b", "@container (min-width: 1px)", "105, 110, 16"),
    "@layer": (r"@layer\b", "@layer a;", "99, 97, 15.4"),
    "@scope": (r"@scope\b", "@scope (.a)", "118, 146, 17.4"),
    "@starting-style": (r"@starting-style\b", "@starting-style { }", "117, 129, 17.5"),
    "light-dark()": (r"\blight-dark\(", "light-dark(#000, #fff)", "123, 120, 17.5"),
    "color-mix()": (r"\bcolor-mix\(", "color-mix(in srgb, red, blue)", "111, 113, 16.2"),
    "oklch()": (r"\bokl(ch|ab)\(", "oklch(1 0 0)", "111, 113, 15.4"),
    "relative colours": (r"\b(rgb|hsl)\(from\b", "rgb(from red r g b)", "119, 128, 16.4"),
}
# A browser without one of these loses nothing but looks; chat.md says what.
LATER_THAN_THE_OLDEST = (
    ":has(",
    "dvh",
    "text-wrap:",
    "field-sizing:",
    "scrollbar-gutter:",
    "overflow: clip",
    "content-visibility:",
)


def files() -> Iterator[Path]:
    yield from (*PAGE.glob("*.js"), *PAGE.glob("*.css"), *(ROOT / "assistant/embed/widget").glob("v*.js"))


@pytest.mark.parametrize("feature", TOO_NEW)
def test_nothing_is_newer_than_the_oldest_browser_that_is_promised(feature: str) -> None:
    pattern, example, _ = TOO_NEW[feature]
    assert re.search(pattern, example)
    assert [path.name for path in files() if re.search(pattern, path.read_text())] == []


def test_the_manual_names_the_oldest_browsers_and_what_is_lost_in_them() -> None:
    manual = (ROOT / "docs/chat.md").read_text().split("\n## Browsers\n")[1].split("\n## ")[0]
    assert f"| it works from | {OLDEST['Chrome']} | {OLDEST['Firefox']} | {OLDEST['Safari']} |" in manual
    css = "".join(path.read_text() for path in PAGE.glob("*.css"))
    for what in LATER_THAN_THE_OLDEST:
        assert what in css
        assert f"`{what.rstrip(':(')}`" in manual, what


def test_what_old_browsers_read_is_old() -> None:
    """The file that speaks where nothing else starts has no arrow, template, const, let, `?.` or `??`."""
    new = re.compile(r"=>|`|\b(const|let|class|async|import)\b|\?\.|\?\?|\.\.\.")
    code = re.sub(r"//.*", "", (PAGE / "still.js").read_text())
    assert "function" in code
    assert not new.search(code)
    assert new.search((PAGE / "menu.js").read_text())
    page = (ROOT / "templates/chat.html").read_text()
    assert re.search(r"<script defer src=\"\{% static 'assistant/still.js' %\}\">", page)
