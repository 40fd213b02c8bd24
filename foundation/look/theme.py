"""The chart theme: a Vega-Lite configuration made of the tokens.

Specifications name their marks by meaning (`style="baseline"`); only the theme knows colours, so that one specification
serves both modes, pages and documents.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from foundation.look.energies import ENERGIES
from foundation.look.tokens import Mode, pixels, tokens

_LOCALES = {
    "fr": {
        "number": {
            "decimal": ",",
            "thousands": "\u202f",
            "grouping": [3],
            "currency": ["", "\u00a0€"],
            "percent": "\u202f%",
            "minus": "\u2212",
        },
        "time": {
            "dateTime": "%A %e %B %Y à %H:%M",
            "date": "%d/%m/%Y",
            "time": "%H:%M",
            "periods": ["AM", "PM"],
            "days": ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
            "shortDays": ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
            "months": [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            "shortMonths": [
                "janv.",
                "févr.",
                "mars",
                "avr.",
                "mai",
                "juin",
                "juil.",
                "août",
                "sept.",
                "oct.",
                "nov.",
                "déc.",
            ],
        },
    },
    "en": {
        "number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["€", ""], "minus": "\u2212"},
        "time": {
            "dateTime": "%A %e %B %Y %H:%M",
            "date": "%d/%m/%Y",
            "time": "%H:%M",
            "periods": ["am", "pm"],
            "days": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
            "shortDays": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
            "months": [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            "shortMonths": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        },
    },
}


def _hatching(colour: str, ground: str, stripes: int = 14) -> dict[str, Any]:
    """Return stripes of `colour` on `ground`: Vega has no patterns, but a gradient may have hard stops."""
    stops = []
    for stripe in range(stripes):
        shade = colour if stripe % 2 else ground
        stops += [{"offset": stripe / stripes, "color": shade}, {"offset": (stripe + 1) / stripes, "color": shade}]
    return {"gradient": "linear", "x1": 0, "y1": 0, "x2": 1, "y2": 1, "stops": stops}


def _styles(token: dict[str, str]) -> dict[str, Any]:
    """Return how each kind of mark is drawn: measured solid, baseline dashed, estimated hatched, interval pale."""
    styles: dict[str, Any] = {
        "measured": {"color": token["ink"], "strokeWidth": 2, "strokeJoin": "round"},
        "measured-bar": {"color": token["sea"]},
        "estimated": {"color": token["warn"], "strokeWidth": 2, "strokeDash": [2, 2]},
        "estimated-bar": {"color": _hatching(token["warn"], token["warn-wash"])},
        "missing": {"color": _hatching(token["line"], token["wash"])},
        "baseline": {"color": token["baseline"], "strokeWidth": 2, "strokeDash": [6, 4]},
        "interval": {"color": token["baseline"], "fillOpacity": 0.18},
        "zero": {"color": token["ink"], "strokeWidth": 1},
        "saved": {"color": token["saved"], "strokeWidth": 2.5, "strokeJoin": "round"},
        "event": {
            "filled": True,
            "color": token["paper"],
            "stroke": token["ink"],
            "strokeWidth": 1.5,
            "size": 340,
            "opacity": 1,
        },
        "event-number": {
            "color": token["ink"],
            "fontWeight": 600,
            "fontSize": 12,
            "align": "center",
            "baseline": "middle",
        },
        "beyond": {"color": token["ink"], "fontSize": 11, "align": "center", "baseline": "middle"},
        "guide": {"color": token["muted"], "strokeWidth": 1, "strokeDash": [2, 3]},
        "note": {"color": token["muted"], "fontSize": 13, "align": "left"},
    }
    for energy in ENERGIES.values():
        styles[f"{energy.token}-bar"] = {"color": token[energy.token]}
        styles[f"{energy.token}-line"] = {"color": token[energy.token], "strokeWidth": 2, "strokeJoin": "round"}
        styles[f"{energy.token}-area"] = {"color": token[energy.token], "fillOpacity": 0.2}
    return styles


@cache
def chart_theme(mode: Mode, language: str) -> dict[str, Any]:
    """Return the Vega-Lite configuration for "light" or "dark", with numbers and dates of `language` ("fr", "en")."""
    token = tokens(mode)
    small, text, lead = (pixels(token[f"size-{name}"]) for name in ("small", "text", "lead"))
    family = token["family"].replace('"', "'")
    return {
        "background": "transparent",
        "font": family,
        "locale": _LOCALES[language],
        "padding": 4,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "group",
            "offset": 14,
            "color": token["ink"],
            "fontSize": lead,
            "fontWeight": 600,
            "subtitleColor": token["muted"],
            "subtitleFontSize": text,
            "subtitlePadding": 5,
        },
        "axis": {
            "domain": False,
            "grid": True,
            "gridColor": token["line"],
            "gridWidth": 1,
            "labelColor": token["muted"],
            "labelFontSize": small,
            "labelPadding": 6,
            "ticks": False,
            "titleColor": token["muted"],
            "titleFontSize": small,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "axisX": {"grid": False, "domain": True, "domainColor": token["line-strong"], "labelFlush": True},
        "axisY": {
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleX": 0,
            "titleY": -10,
            "tickCount": 5,
        },
        "legend": {
            "orient": "top",
            "title": None,
            "labelColor": token["ink"],
            "labelFontSize": small,
            "symbolSize": 90,
            "offset": 4,
        },
        "range": {
            "category": [token[name] for name in ("sea", "baseline", "warn", "saved", "excess")],
            "heatmap": [token["wash"], token["sea"]],
            "diverging": [token["excess"], token["wash"], token["saved"]],
        },
        "style": _styles(token),
    }
