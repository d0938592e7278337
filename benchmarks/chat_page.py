"""Measures the chat page in a real browser: how soon a visitor sees what, and whether the page stays smooth.

    python -m benchmarks.chat_page [--quick] [--repeats N] [--json FILE]

Chromium (/usr/bin/chromium, or CHROMIUM) against a desk of this release on loopback, with its sandbox.
docs/benchmarks.md says how to read it.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import chat_page_desk, faq_machine
from benchmarks.chat_page_figures import THROTTLE, Asked, Figure, Opened, Watched, figures
from benchmarks.faq_report import table

APPROVED = "How do I reset my password?"
ASKED = "Explain in detail how a waiting list works, step by step"
WAIT_MS = 60_000
BOUND_S = 900.0  # for everything; what is not measured by then is left out, and said
SETTLE_MS = 1000  # until what has been built rests as well
WHEEL_PX, WHEEL_MS = 400, 50  # as a hand turns it that looks for something

# Notes when something is on the screen: in the frame after the one in which it was put there.
WATCH = """
(() => {
  const seen = (window.__seen = {});
  // Looks at the last section only: to ask the whole page at each change takes long.
  const turn = () => document.querySelector("#turns")?.lastElementChild;
  const later = (name) => {
    if (name in seen) return;
    seen[name] = 0;
    requestAnimationFrame(() => requestAnimationFrame((at) => (seen[name] = at)));
  };
  window.__begin = () => {
    for (const name of Object.keys(seen)) delete seen[name];
    window.__before = turn();
    Object.assign(window, { __shift: 0, __tasks: [], __frames: [] });
  };
  const look = () => {
    const last = turn();
    if (!last) return;
    const built = last.closest(".transcript").ariaBusy === "false";
    if (built && last.parentNode.childElementCount >= TURNS) window.__opened ??= performance.now();
    if (last === window.__before) return;
    later("bubble");
    if (!last.querySelector(".mine.pending")) later("acknowledged");
    const answer = last.querySelector(".answer:last-child");
    if (!answer) return;
    if (!("text" in seen) && answer.querySelector(".prose").textContent.trim()) later("text");
    if (answer.ariaBusy === "false") later("done");
  };
  const onKey = (event) => event.key === "Enter" && (window.__at = event.timeStamp);
  document.addEventListener("keydown", onKey, true);
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document, all);
  const every = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type });
  every("layout-shift", (entry) => (window.__shift += entry.hadRecentInput ? 0 : entry.value));
  every("longtask", (entry) => window.__tasks.push(entry.duration));
  let before = 0;
  const frame = (at) => {
    if (before) window.__frames.push(at - before);
    before = at;
    requestAnimationFrame(frame);
  };
  Object.assign(window, { __shift: 0, __tasks: [], __frames: [] });
  requestAnimationFrame(frame);
})();
""".replace("TURNS", str(chat_page_desk.TURNS))
ONLINE = "document.querySelector('#connection').dataset.state === 'online'"
LOOK_MS = 50


def ask(page: Any, text: str) -> Asked:
    """Send a message as a visitor does and return what was seen of it."""
    _send(page, text)
    _until(page, "__seen.done > 0")
    got = page.evaluate("({ seen: __seen, at: __at })")
    seen = {name: at - got["at"] for name, at in got["seen"].items()}
    return Asked(**_watched(page), **seen)


def climb(page: Any) -> Watched:
    """Turn the wheel up through the whole conversation while an answer is being written."""
    _send(page, ASKED)
    _until(page, "__seen.text > 0")
    page.mouse.move(500, 400)
    height = page.evaluate("document.querySelector('#transcript').scrollHeight")
    page.evaluate("__begin()")
    for _ in range(height // WHEEL_PX + 1):
        page.mouse.wheel(0, -WHEEL_PX)
        page.wait_for_timeout(WHEEL_MS)
    return Watched(**_watched(page))


def _send(page: Any, text: str) -> None:
    # Before the watch, as the test driver puts scripts of its own into the page; the keyboard needs none.
    page.locator("#message").fill(text)
    page.evaluate("__begin()")
    page.keyboard.press("Enter")


def _watched(page: Any) -> dict[str, Any]:
    got: dict[str, Any] = page.evaluate("({ shift: __shift, tasks: __tasks, frames: __frames })")
    return got


def _until(page: Any, expression: str) -> Any:
    """Wait until an expression holds, by the browser's own protocol, and return what it gave.

    The test driver's own waiting puts a large script into the page first, a task of 60 to 100 ms on a slow
    processor, and asks in every frame.
    """
    line, until = page.context.new_cdp_session(page), time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < until:
        got = line.send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        if value := got["result"].get("value"):
            line.detach()
            return value
        time.sleep(LOOK_MS / 1000)
    raise SystemExit(f"Not within {WAIT_MS} ms: {expression}")


def measure(desk: chat_page_desk.Page, repeats: int) -> list[Figure]:
    """Ask the page everything, `repeats` times each, within BOUND_S."""
    from playwright.sync_api import sync_playwright

    until = time.monotonic() + BOUND_S
    desk.sandbox.pace(first_text_ms=20, gap_ms=10)
    names = ("approved", "streamed", "slow", "long", "opened", "opened_slow", "climbed")
    rows: dict[str, list[Any]] = {name: [] for name in names}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = _page(browser, desk, False)
        ask(page, APPROVED)  # what is loaded with the first message is not measured
        for _ in range(repeats):
            if time.monotonic() < until:
                rows["approved"].append(ask(page, APPROVED))
                rows["streamed"].append(ask(page, ASKED))
        page.context.close()  # the watch of an open page asks for frames all the time
        page = _page(browser, desk, False, THROTTLE)
        for _ in range(max(1, repeats // 3)):
            if time.monotonic() < until:
                rows["slow"].append(ask(page, ASKED))
        page.context.close()
        for _ in range(max(1, repeats // 3)):
            if time.monotonic() < until:
                _long(browser, desk, rows)
        browser.close()
    return figures(**rows)


def _long(browser: Any, desk: chat_page_desk.Page, rows: dict[str, list[Any]]) -> None:
    """Open the long conversation on a quick and on a slow processor; ask there, and read upwards."""
    page = _page(browser, desk, True)
    rows["opened"].append(_opened(page))
    page.context.close()
    page = _page(browser, desk, True, THROTTLE)
    rows["opened_slow"].append(_opened(page))
    rows["long"].append(ask(page, ASKED))
    rows["climbed"].append(climb(page))
    page.context.close()


def _opened(page: Any) -> Opened:
    whole = _until(page, "window.__opened")
    page.wait_for_timeout(SETTLE_MS)
    return Opened(**_watched(page), whole=whole)


def _page(browser: Any, desk: chat_page_desk.Page, long: bool, throttle: int = 1) -> Any:
    """Open the page in a browser that knows nobody, or as the visitor of the long conversation."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    context.add_init_script(WATCH)
    if long:
        name, value = desk.cookie
        context.add_cookies([{"name": name, "value": value, "url": desk.url}])
        context.add_init_script(f"localStorage.setItem('chat.conversation', '{desk.conversation}')")
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    page.goto(desk.url)
    _until(page, ONLINE)
    return page


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chat_page", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="three of each instead of twenty")
    parser.add_argument("--repeats", type=int, default=None)
    parser.add_argument("--json", type=Path, default=None, metavar="FILE")
    options = parser.parse_args(arguments)
    machine, began = faq_machine.describe(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="desk-page-") as folder,
        chat_page_desk.running(Path(folder)) as desk,
    ):
        load, commit = machine["load_average"][0], machine["commit"]
        print(f"{machine['processor']}, {machine['cores']} cores, load {load}, commit {commit}", flush=True)
        found = measure(desk, options.repeats or (3 if options.quick else 20))
        words = desk.words
    rows = [
        [
            each.what,
            f"{each.value:.3g} {each.unit}".strip(),
            str(each.count),
            "" if each.goal is None else f"{each.goal:g}",
            each.verdict,
        ]
        for each in found
    ]
    print(f"the long conversation has {words:,} words\n")
    print(table(["what", "measured", "of", "goal", ""], rows))
    if options.json:
        about = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "took_s": round(time.monotonic() - began),
            "machine": machine,
            "load_average_after": faq_machine.describe()["load_average"],
            "words": words,
        }
        options.json.write_text(
            json.dumps({**about, "figures": [asdict(each) for each in found]}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
