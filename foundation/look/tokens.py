"""The tokens of `tokens.css`, read once, for what is not drawn by a style sheet: charts and marks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["light", "dark"]

STYLE_SHEET = Path(__file__).with_name("tokens.css")
"""The style sheet itself, for pages and documents."""

_DARK = "@media (prefers-color-scheme: dark)"
_PROPERTY = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")


@cache
def tokens(mode: Mode) -> dict[str, str]:
    """Return every token by its name ("ink", "size-text"); dark is light with surfaces and words of its own."""
    light, _, dark = STYLE_SHEET.read_text(encoding="utf-8").partition(_DARK)
    found = dict(_PROPERTY.findall(light))
    if mode == "dark":
        found.update(_PROPERTY.findall(dark))
    return found


def pixels(size: str) -> float:
    """Return a token of size ("0.9375rem", "12px") in CSS pixels, 16 to the rem."""
    if size.endswith("rem"):
        return float(size.removesuffix("rem")) * 16
    return float(size.removesuffix("px"))
