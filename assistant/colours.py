"""The colours of an embedded chat: one that the site chose, and what has to be made of it to stay readable.

Pure. Contrast as WCAG 2.2 defines it; 4.5 : 1 is what it asks of text (success criterion 1.4.3).
"""

import re
from dataclasses import dataclass
from typing import Final

READABLE: Final = 4.5
STEP: Final = 0.02  # how far one try moves a colour towards black or white; finer is not seen
BLACK: Final = "#000000"
WHITE: Final = "#ffffff"
DESK: Final = "#0d6857"  # the desk's own green

# The grounds that links and buttons stand on, as chat.css has them.
LIGHT_GROUNDS: Final = ("#fbf9f4", "#ffffff")
DARK_GROUNDS: Final = ("#14191b", "#1c2326")
LIGHT_INK: Final = "#1d2729"
DARK_INK: Final = "#e8e9e4"

HOW: Final = "Write a colour as # and six digits or letters a to f, such as #0a6e5c."
_HEX: Final = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


class BadColour(ValueError):
    """Not a colour as it must be written; the message says how."""


@dataclass(frozen=True)
class Side:
    """The colours of one scheme, by the names that chat.css gives them."""

    green: str
    green_deep: str
    on_green: str
    tint: str
    on_tint: str


@dataclass(frozen=True)
class Theme:
    """What one accent becomes: on the launcher as it was chosen, in the chat as far as it can be read."""

    accent: str
    on_accent: str
    light: Side
    dark: Side


def clean(text: str) -> str:
    """Return a colour as `#rrggbb` in small letters. Raises BadColour."""
    found = _HEX.fullmatch(text.strip())
    if found is None:
        raise BadColour(HOW)
    digits = found[1].lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 (the same) to 21 (black on white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on(colour: str) -> str:
    """Return white or black, whichever can be read on a colour: one of them reaches 4.58 : 1 on any."""
    return WHITE if contrast(WHITE, colour) >= READABLE else BLACK


def mix(colour: str, other: str, share: float) -> str:
    """Return a colour with a share (0 to 1) of another in it."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable(colour: str, grounds: tuple[str, ...]) -> str:
    """Return the colour, as little darker or lighter as makes it readable on all of these grounds."""
    towards = BLACK if _luminance(grounds[0]) > 0.5 else WHITE
    for step in range(round(1 / STEP) + 1):
        moved = mix(colour, towards, step * STEP)
        if all(contrast(moved, ground) >= READABLE for ground in grounds):
            return moved
    return towards


def theme(accent: str) -> Theme:
    """Return all the colours of an accent that `clean` has passed."""
    light_tint, dark_tint = mix(WHITE, accent, 0.13), mix(DARK_GROUNDS[1], accent, 0.28)
    light = readable(accent, (*LIGHT_GROUNDS, light_tint))
    dark = readable(accent, (*DARK_GROUNDS, dark_tint))
    return Theme(
        accent,
        on(accent),
        Side(light, mix(light, BLACK, 0.22), on(light), light_tint, readable(LIGHT_INK, (light_tint,))),
        Side(dark, mix(dark, WHITE, 0.25), on(dark), dark_tint, readable(DARK_INK, (dark_tint,))),
    )


def style_sheet(of: Theme) -> str:
    """Return the style sheet that gives the chat these colours."""
    dark = _rules(of.dark).replace("\n", "\n  ")
    return f"{_rules(of.light)}\n@media (prefers-color-scheme: dark) {{\n  {dark}\n}}\n"


def _rules(side: Side) -> str:
    names = ("green", "green_deep", "on_green", "tint", "on_tint")
    lines = (f"  --{name.replace('_', '-')}: {getattr(side, name)};" for name in names)
    return ":root {\n" + "\n".join(lines) + "\n}"


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = (part / 255 for part in _parts(colour))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
