"""`make screenshots`: start a desk with example traffic and photograph its pages, light and dark.

    python -m tests.pictures [--to FOLDER] [--only NAME ...]

Those that README or docs show go to docs/pictures, the others to var/screenshots. Loopback only;
everything it starts ends with it.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import environment

environment.set_up()

from tests.browser.chromium import ARGUMENTS, CHROMIUM  # noqa: E402 - the environment comes first
from tests.control import Control  # noqa: E402
from tests.pictures.scenes import ADMIN, CHAT, DESKTOP, TALK, WIDGET, Scene, talk  # noqa: E402
from tests.servers import DeskServer, running_desk, running_sandbox  # noqa: E402
from tests.team import working  # noqa: E402

WAIT_MS = 60_000
SCHEMES = ("light", "dark")
TRAFFIC = 150  # questions of example visitors, so that the figures have something to show
# The example's rows were made when this desk had no port yet.
LISTED = "from assistant.models import Site; Site.objects.filter(key='larkfield').update(origins='{origin}')"
SETTLE_MS = 600  # fonts, charts and transitions of the admin


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the pictures that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, help="one folder for all of them")
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures, without the scheme")
    given = parser.parse_args(arguments)
    expect.set_options(timeout=WAIT_MS)
    scenes = [scene for scene in (*CHAT, *WIDGET, *ADMIN) if not given.only or scene.name in given.only]
    with _desk() as (desk, control), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        if any(scene.staff for scene in scenes):
            desk.manage("demo_traffic", "--n", str(TRAFFIC), "--seed", "7")
        if any(scene.site for scene in scenes):
            desk.manage("shell", "-c", LISTED.format(origin=_as_site(desk)))
        for scheme in SCHEMES:
            for scene in scenes:
                folder = given.to or environment.ROOT / (
                    "docs/pictures" if scene.shown else "var/screenshots"
                )
                target = folder / f"{scene.name}-{scheme}.png"
                _take(browser, desk, control, scene, scheme, target)
                print(target)
            if not given.only or set(given.only) & set(TALK):
                with working(desk):  # whatever the hour
                    _take_both(browser, desk, scheme, given.to or environment.ROOT / "docs/pictures")
        browser.close()


@contextmanager
def _desk() -> Iterator[tuple[DeskServer, Control]]:
    with tempfile.TemporaryDirectory(prefix="desk-pictures-") as folder:
        place = Path(folder)
        with running_sandbox(place) as sandbox, running_desk(place / "desk", sandbox, worker=True) as desk:
            yield desk, Control(sandbox)


def _take(
    browser: Browser, desk: DeskServer, control: Control, scene: Scene, scheme: str, target: Path
) -> None:
    page = _page(browser, scheme, *scene.size)
    if scene.staff:
        _sign_in(page, desk, scene.staff, scheme)
    page.goto((_as_site(desk) if scene.site else desk.url) + scene.path)
    if not scene.staff and not scene.site:
        page.wait_for_selector("#connection[data-state=online]")
    scene.act(page, control)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=target)
    page.context.close()


def _take_both(browser: Browser, desk: DeskServer, scheme: str, folder: Path) -> None:
    visitor, team = _page(browser, scheme, *DESKTOP), _page(browser, scheme, *DESKTOP)
    _sign_in(team, desk, "support", scheme)
    team.goto(f"{desk.url}/admin/inbox/")
    visitor.goto(desk.url)
    visitor.wait_for_selector("#connection[data-state=online]")
    talk(visitor, team)
    for name, page in zip(TALK, (visitor, team), strict=True):
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=folder / f"{name}-{scheme}.png")
        print(folder / f"{name}-{scheme}.png")
        page.context.close()


def _page(browser: Browser, scheme: str, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        reduced_motion="no-preference",
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    return page


def _as_site(desk: DeskServer) -> str:
    """Return the desk's address under its other name, by which a browser takes it for another site."""
    return desk.url.replace("127.0.0.1", "localhost")


def _sign_in(page: Page, desk: DeskServer, name: str, scheme: str) -> None:
    page.goto(f"{desk.url}/admin/")
    # Unfold keeps the scheme that its reader chose in the browser.
    page.evaluate("scheme => localStorage.setItem('adminTheme', JSON.stringify(scheme))", scheme)
    page.fill("#id_username", name)
    page.fill("#id_password", desk.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
