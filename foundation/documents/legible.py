"""Every character of a document has a glyph: one that no font covers is written as its code, [U+1F9FF].

PDF/A allows no reference to a missing glyph (ISO 19005-3, 6.2.11.8), and a name is not refused for an emoji.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from markupsafe import Markup

from foundation.look.assets import FONTS

FALLBACK = Path("/usr/share/fonts/truetype/dejavu")
"""DejaVu Sans, of the Debian package fonts-dejavu-core: symbols and other scripts where it is installed."""
_WHITE = "\n\t"
_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Embeddings, overrides and isolates of the bidirectional algorithm (UAX 9)."""
_FILES = (FONTS / "SourceSans3-Regular.ttf", FONTS / "SourceSans3-Semibold.ttf")
_FALLBACK_FILES = (FALLBACK / "DejaVuSans.ttf", FALLBACK / "DejaVuSans-Bold.ttf")


def legible(value: object) -> object:
    """Return `value`, in text each character without a glyph replaced by its code; what is not plain text stays."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(letter if _has_glyph(letter) else f"[U+{ord(letter):04X}]" for letter in value)


def _has_glyph(letter: str) -> bool:
    if letter in _DIRECTIONS:
        return False  # it would turn round what stands after it: shown, it deceives nobody
    # Other format characters (joiners, soft hyphen) shape their neighbours and are never drawn.
    return letter in _WHITE or ord(letter) in _covered() or unicodedata.category(letter) == "Cf"


@cache
def _covered() -> frozenset[int]:
    """Return the code points that the regular and the bold face of one of the families both have."""
    return _common(_FILES) | _common(_FALLBACK_FILES)


def _common(files: tuple[Path, ...]) -> frozenset[int]:
    if not all(file.is_file() for file in files):
        return frozenset()
    faces = [_code_points(file) for file in files]
    return faces[0].intersection(*faces[1:])


def _code_points(file: Path) -> frozenset[int]:
    with TTFont(file, lazy=True) as face:
        return frozenset(face.getBestCmap())
