"""Where the front-end packages stand: fonts, icons and scripts that `npm ci` brought into the checkout."""

from __future__ import annotations

from pathlib import Path

NODE_MODULES = Path(__file__).parents[2] / "node_modules"
FONTS = NODE_MODULES / "source-sans" / "TTF"
"""Source Sans 3 as TrueType files, for charts and documents."""
ICONS = NODE_MODULES / "@tabler" / "icons" / "icons" / "outline"
"""Tabler's outline icons, one SVG file a name."""


def demand_front_end_packages() -> None:
    """Stop with a sentence where `npm ci` has not been run."""
    for needed in (FONTS, ICONS):
        if not needed.is_dir():
            message = f"{needed} manque : lancez « npm ci » dans {NODE_MODULES.parent}."
            raise SystemExit(message)
