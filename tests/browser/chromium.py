"""Where Debian puts Chromium, and how tests start it."""

import shutil
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
# Chromium's engine without what the browser has around a page, which nobody sees in a test and which takes
# more of a core than the page: four stories of the chat took 3.6 and 3.8 seconds instead of 8.6 and 9.5.
SHELL = Path(shutil.which("chromium-headless-shell") or CHROMIUM)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
