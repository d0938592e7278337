"""Every state of the page under axe-core, in light and in dark: nothing is found."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser

from tests import npm
from tests.browser.scripted import Scripted
from tests.browser.states import STATES
from tests.servers import DeskServer

pytestmark = pytest.mark.browser

# The headings inside an answer are ordered by who wrote it. What axe cannot decide counts as found; what it
# could not see whole, at the edge of the transcript, is looked at again in the middle of it.
LOOK = """
async () => {
  axe.configure({ rules: [{ id: "heading-order", selector: ":is(h1, h2, h3, h4, h5, h6):not(.prose *)" }] });
  // What comes into sight by and by is looked at once it is there.
  const ends = (each) => each.effect.getComputedTiming().endTime < Infinity;
  for (const each of document.getAnimations().filter(ends)) each.finish();
  const look = async (where) => {
    const { violations, incomplete } = await axe.run(where, { rules: { "target-size": { enabled: true } } });
    return [...violations, ...incomplete].flatMap(({ id, nodes }) => nodes.map((node) => ({ id, ...node })));
  };
  const found = [];
  for (const each of await look(document)) {
    const node = document.querySelector(each.target[0]);
    if (!/obscured/.test(each.failureSummary) || !node) { found.push(each); continue; }
    node.scrollIntoView({ block: "center", behavior: "instant" });
    found.push(...(await look(node)).filter(({ id }) => id === each.id));
  }
  return found.map(({ id, target, failureSummary }) => `${id} ${target}: ${failureSummary}`);
}
"""


@pytest.fixture(scope="module")
def scripted(chromium: Browser, desk: DeskServer) -> Iterator[Scripted]:
    context = chromium.new_context(viewport={"width": 1100, "height": 1000}, locale="en-GB")
    yield Scripted(context, desk.url)
    context.close()


def findings(desk: Scripted, scheme: Literal["light", "dark"]) -> Any:
    desk.page.emulate_media(color_scheme=scheme)
    if not desk.page.evaluate("() => Boolean(window.axe)"):
        desk.page.evaluate(npm.file_of(npm.AXE, "axe.min.js").read_text())
    return desk.page.evaluate(LOOK)


@pytest.mark.parametrize("name", STATES)
def test_nothing_is_found_in_light_or_dark(scripted: Scripted, name: str) -> None:
    STATES[name](scripted)
    assert findings(scripted, "light") == []
    assert findings(scripted, "dark") == []
