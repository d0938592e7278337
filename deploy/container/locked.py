"""Print the part of a lock file that a production desk needs, with its versions and hashes.

`python locked.py requirements.lock` reads the lock that uv wrote: each package with the names that want it
in its "# via" lines. What only the groups of development want is left out. Standard library only.
"""

import re
import sys
from pathlib import Path

PROJECT = re.compile(r"\S+ \(pyproject\.toml\)")  # with a group: (pyproject.toml:dev)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==")


def packages(text: str) -> dict[str, tuple[str, set[str]]]:
    """Return each package's lines and who wants it."""
    found: dict[str, tuple[str, set[str]]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text[text.index("\n") + 1 if text.startswith("#") else 0 :]):
        named = PINNED.match(block)
        if named is None:
            continue
        comments = re.findall(r"^    #[ ]*(?:via)?[ ]*(.*)$", block, re.MULTILINE)
        found[named[1].lower()] = (block.rstrip() + "\n", {line.strip() for line in comments if line.strip()})
    return found


def production(text: str) -> list[str]:
    """Return the blocks of the packages that the project itself wants, directly or not."""
    known = packages(text)
    wanted = {name for name, (_, via) in known.items() if any(PROJECT.fullmatch(who) for who in via)}
    while more := {name for name, (_, via) in known.items() if name not in wanted and via & wanted}:
        wanted |= more
    return [lines for name, (lines, _) in known.items() if name in wanted]


if __name__ == "__main__":
    sys.stdout.writelines(production(Path(sys.argv[1]).read_text(encoding="utf-8")))
