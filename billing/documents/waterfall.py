"""The waterfall of an invoice, as SVG: without works, measured, avoided, share of the SPL, what the payer keeps.

A picture of five bars that share one scale starting at zero. Colour never speaks alone: the adjusted baseline is an
outline of dashes, the share is hatched, and every bar carries its name and its amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING

from foundation.look.language import FRENCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.documents.snapshot import WaterfallSnapshot

WIDTH, HEIGHT = 680, 152
_TOP, _BOTTOM = 20, 116
_COLUMN = WIDTH / 5
_BAR = 84
_HATCH = 6
_LABEL_LINE = 14


@dataclass(frozen=True, slots=True)
class WaterfallSteps:
    """Euros without VAT of a period in which something was avoided."""

    without_works: Decimal
    measured: Decimal
    provider_share: Decimal

    @property
    def avoided(self) -> Decimal:
        """Return what the works saved."""
        return self.without_works - self.measured

    @property
    def kept(self) -> Decimal:
        """Return what of it the payer keeps."""
        return self.avoided - self.provider_share


def steps_of(facts: WaterfallSnapshot | None) -> WaterfallSteps | None:
    """Return the amounts to draw, or None where no picture can be: nothing avoided, or a share beyond it."""
    if facts is None:
        return None
    steps = WaterfallSteps(
        Decimal(facts["without_works"]), Decimal(facts["measured"]), Decimal(facts["provider_share"])
    )
    drawable = steps.avoided > 0 and steps.measured >= 0 and 0 <= steps.provider_share <= steps.avoided
    return steps if drawable else None


@dataclass(frozen=True, slots=True)
class _Bar:
    """One column: from `low` to `high` euros, `amount` written above, `style` the meaning it is drawn by."""

    words: tuple[str, str]
    amount: Decimal
    low: Decimal
    high: Decimal
    style: str


def waterfall(steps: WaterfallSteps, *, colours: Mapping[str, str], family: str) -> str:
    """Return an `<svg>` of WIDTH × HEIGHT, with a title that says the same in words; `colours` are the tokens."""
    zero, top, measured = Decimal(0), steps.without_works, steps.measured
    bars = (
        _Bar(("Sans travaux", "référence ajustée"), top, zero, top, "baseline"),
        _Bar(("Mesuré", "énergie payée"), measured, zero, measured, "measured"),
        _Bar(("Économie", "énergie évitée"), steps.avoided, measured, top, "saved"),
        _Bar(("Part de la SPL", "hors taxes"), steps.provider_share, measured + steps.kept, top, "share"),
        _Bar(("Reste à la commune", "hors taxes"), steps.kept, measured, measured + steps.kept, "kept"),
    )
    said = ", ".join(f"{bar.words[0]} {FRENCH.euros(bar.amount)}" for bar in bars)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
            f' font-family="{escape(family)}" font-size="11">'
        ),
        f"<title>De la dépense évitée à la part de la SPL. {escape(said)}.</title>",
        (
            f'<defs><pattern id="hatch" width="{_HATCH}" height="{_HATCH}" patternUnits="userSpaceOnUse"'
            f' patternTransform="rotate(45)"><rect width="{_HATCH}" height="{_HATCH}" fill="{colours["sea-wash"]}"/>'
            f'<rect width="2.5" height="{_HATCH}" fill="{colours["sea"]}"/></pattern></defs>'
        ),
    ]
    parts += _joints(bars, top, colours)
    for place, bar in enumerate(bars):
        parts += _column(place, bar, top, colours)
    parts.append(f'<path d="M0 {_BOTTOM}H{WIDTH}" stroke="{colours["ink"]}" stroke-width="1"/>')
    parts.append("</svg>")
    return "".join(parts)


def _y(amount: Decimal, largest: Decimal) -> float:
    return round(_BOTTOM - float(amount / largest) * (_BOTTOM - _TOP), 2)


def _x(place: int) -> float:
    return place * _COLUMN + (_COLUMN - _BAR) / 2


def _column(place: int, bar: _Bar, largest: Decimal, colours: Mapping[str, str]) -> list[str]:
    top, bottom = _y(bar.high, largest), _y(bar.low, largest)
    dashed = f'stroke="{colours["baseline"]}" stroke-width="1.5" stroke-dasharray="5 3"'
    look = {
        "baseline": f'fill="{colours["paper"]}" {dashed}',
        "measured": f'fill="{colours["ink"]}"',
        "saved": f'fill="{colours["saved-wash"]}" stroke="{colours["saved"]}" stroke-width="1.5"',
        "share": f'fill="url(#hatch)" stroke="{colours["sea"]}" stroke-width="1.5"',
        "kept": f'fill="{colours["saved"]}"',
    }[bar.style]
    middle = _x(place) + _BAR / 2
    name, below = bar.words
    weight = "600" if bar.style in ("share", "kept") else "400"
    return [
        f'<rect x="{_x(place):.2f}" y="{top}" width="{_BAR}" height="{max(bottom - top, 1):.2f}" {look}/>',
        # Paper behind the amount, where a joint would cross it.
        f'<rect x="{_x(place):.2f}" y="{top - 17:.2f}" width="{_BAR}" height="15" fill="{colours["paper"]}"/>',
        (
            f'<text x="{middle}" y="{top - 6:.2f}" text-anchor="middle" font-weight="600" font-size="12"'
            f' fill="{colours["ink"]}">{escape(FRENCH.euros(bar.amount))}</text>'
        ),
        (
            f'<text x="{middle}" y="{_BOTTOM + _LABEL_LINE}" text-anchor="middle" font-weight="{weight}"'
            f' fill="{colours["ink"]}">{escape(name)}</text>'
        ),
        (
            f'<text x="{middle}" y="{_BOTTOM + 2 * _LABEL_LINE}" text-anchor="middle" font-size="10"'
            f' fill="{colours["muted"]}">{escape(below)}</text>'
        ),
    ]


def _joints(bars: tuple[_Bar, ...], largest: Decimal, colours: Mapping[str, str]) -> list[str]:
    """Return the thin lines that carry a level from one bar to the next."""
    levels = (bars[0].high, bars[1].high, bars[2].high, bars[3].low)
    ends = ((0, 2), (1, 2), (2, 3), (3, 4))
    return [
        f'<path d="M{_x(start) + _BAR:.2f} {_y(level, largest)}H{_x(end):.2f}" stroke="{colours["muted"]}"'
        ' stroke-width="0.75" stroke-dasharray="1 2"/>'
        for (start, end), level in zip(ends, levels, strict=True)
    ]
