"""A chart is a finding, a picture, one sentence for who cannot see it, and its table one click away."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt
import vl_convert
from altair.utils.schemapi import disable_debug_mode

from foundation.look.assets import FONTS
from foundation.look.language import FRENCH
from foundation.look.theme import chart_theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Validating each part as it is made takes longer than the rest of a page; the tests validate whole specifications.
disable_debug_mode()

UTC = alt.Scale(type="utc")
"""Time as `wall_clock` hands it over."""
TIME_AXIS = alt.Axis(
    format={
        "year": "%Y",
        "quarter": "%b",
        "month": "%b",
        "week": "%e %b",
        "date": "%a %e",
        "hours": "%H:%M",
        "minutes": "%H:%M",
        "seconds": "%H:%M:%S",
        "milliseconds": "%H:%M:%S",
    },
    labelOverlap=True,
)
HEIGHT = 280
"""Height of the plotting area in pixels; its width is that of the place the chart stands in."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of the key above a chart: a mark's style (`foundation.look.theme`) and what it stands for."""

    style: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What every chart builder returns, already in the reader's language.

    `title` is the finding, `measure` what is drawn and in which unit, `summary` one sentence that stands for the
    picture, `source` where it comes from, `header` and `rows` the table. `spec` is a Vega-Lite specification that names
    styles, not colours, and bears no text but axes and notes: the words around it are the page's and wrap on a phone.
    """

    title: str
    measure: str
    key: tuple[Key, ...]
    spec: dict[str, Any]
    summary: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str = ""


def wall_clock(moment: dt.date | dt.datetime) -> str:
    """Return a local day or a local time for a chart's UTC scale.

    Charts show the clock on the building's wall wherever the reader sits: local times are handed over as if UTC.
    """
    if isinstance(moment, dt.datetime):
        return moment.replace(tzinfo=None).isoformat() + "Z"
    return f"{moment.isoformat()}T00:00:00Z"


def chart_of(name: str) -> alt.Chart:
    """Return a chart of the data set `name` that `chart_spec` will be given."""
    return alt.Chart(alt.NamedData(name=name))


def chart_spec(layers: Sequence[alt.Chart], **datasets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `layers`, first at the back, with their data, as a specification that fills the place it stands in."""
    chart = alt.layer(*layers).properties(width="container", height=HEIGHT)
    spec: dict[str, Any] = chart.to_dict(validate=False)
    # Altair writes its own default sizes there; sizes and colours are the theme's.
    spec.pop("config", None)
    # Added last: Altair would copy and hash every row.
    spec["datasets"] = datasets
    return spec


def chart_svg(spec: dict[str, Any], *, width: int = 640, language: str = FRENCH.code) -> str:
    """Return `spec` drawn as SVG for a document, in light colours and the house's fonts; no address is asked."""
    _know_fonts()
    drawn: str = vl_convert.vegalite_to_svg(
        {**spec, "width": width}, config=chart_theme("light", language), allowed_base_urls=[]
    )
    return _GRADIENT.sub(_hatched, drawn)


_GRADIENT = re.compile(r'<linearGradient id="([^"]+)"[^>]*>(.*?)</linearGradient>', re.DOTALL)
_COLOUR = re.compile(r'stop-color="([^"]+)"')


def _hatched(gradient: re.Match[str]) -> str:
    """Return the stripes of the theme (`foundation.look.theme._hatching`) as a pattern: WeasyPrint draws no gradient.

    A gradient spreads its stripes over each shape; a pattern's are equally wide everywhere, as on paper they should be.
    """
    ground, stripe = list(dict.fromkeys(_COLOUR.findall(gradient[2])))[:2]
    return (
        f'<pattern id="{gradient[1]}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="{ground}"/>'
        f'<path d="M-1.5,1.5l3,-3M0,6l6,-6M4.5,7.5l3,-3" stroke="{stripe}" stroke-width="2"/></pattern>'
    )


@cache
def _know_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))
