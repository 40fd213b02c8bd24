"""Charts of savings: what they say in words, that they draw in both languages, that gaps stay gaps."""

import datetime as dt
import json
import re
from zoneinfo import ZoneInfo

import altair as alt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.reports.calendar import DayOfSavings, calendar
from baseline.reports.carpet import DayOfHours, carpet
from baseline.reports.charts import (
    CumulativeDay,
    MonthOfSavings,
    NumberedEvent,
    cusum,
    measured_against_baseline,
)
from baseline.reports.signature_chart import BalancePoint, FittedLine, SignatureDay, energy_signature
from devices.energy.charts import CurvePoint, DayOfEnergy, daily_bars, load_curve
from foundation.look.charts import chart_svg
from foundation.look.language import FRENCH, Language
from foundation.look.theme import chart_theme
from foundation.look.tokens import tokens

ENGLISH = Language("en")
JANUARY = dt.date(2011, 1, 1)
MONDAY = dt.datetime(2011, 1, 3, tzinfo=ZoneInfo("Europe/Paris"))
HOUR = dt.timedelta(hours=1)


def signature(language=FRENCH):
    days = [
        SignatureDay(JANUARY + dt.timedelta(days=number), float(number % 25), 900.0 - 20 * (number % 25), period)
        for period, first in (("baseline", 0), ("reporting", 200))
        for number in range(first, first + 150)
    ]
    line = [FittedLine(((0.0, 900.0), (15.2, 400.0), (25.0, 400.0)))]
    return energy_signature(
        days, curves=line, balance_points=[BalancePoint(15.2, "heating")], station="Lorient", language=language
    )


def months(language=FRENCH, avoided=1200.0):
    rows = [
        MonthOfSavings(dt.date(2011, month, 1), dt.date(2011, month + 1, 1), 900.0, 1000.0, 950.0, 1050.0)
        for month in range(1, 12)
    ]
    return measured_against_baseline(
        rows, avoided_kwh=avoided, low=700.0, high=1700.0, confidence=0.9, language=language
    )


def cumulated(language=FRENCH):
    days = [
        CumulativeDay(JANUARY + dt.timedelta(days=n), None if 5 <= n < 9 else 10.0 * n, "silence" if 5 <= n < 9 else "")
        for n in range(40)
    ]
    opened = NumberedEvent(1, dt.date(2011, 1, 20), "Salle ouverte")
    return cusum(days, events=[opened], language=language)


def curve(language=FRENCH):
    points = [
        CurvePoint(
            MONDAY + n * HOUR,
            *((None, "missing", "silence") if 10 <= n < 14 else (5.0 + n, "measured")),
        )
        for n in range(48)
    ]
    return load_curve(points, energy="electricity", step=HOUR, language=language)


def bars(language=FRENCH):
    days = [
        DayOfEnergy(JANUARY + dt.timedelta(days=n), None if n == 3 else 100.0, "estimated" if n == 5 else "measured")
        for n in range(20)
    ]
    return daily_bars(days, energy="gas", language=language)


def hours_of(number):
    """An office: 10 kWh an hour when open, 4 at night, 2 on weekends; nothing known on days 5 and 6."""
    if number in {4, 5}:
        return (None,) * 24
    weekend = (JANUARY + dt.timedelta(days=number)).weekday() > 4
    return tuple(2.0 if weekend else 10.0 if 7 <= hour < 19 else 4.0 for hour in range(24))


def woven(language=FRENCH):
    return carpet([DayOfHours(JANUARY + dt.timedelta(days=n), hours_of(n)) for n in range(40)], language=language)


def dated(language=FRENCH):
    sides = {3: (None, None), 10: (130.0, 100.0), 11: (98.0, 100.0)}
    days = [
        DayOfSavings(JANUARY + dt.timedelta(days=n), *sides.get(n, (80.0, 100.0)), "silence" if n == 3 else "")
        for n in range(60)
    ]
    return calendar(days, language=language)


def values_of(spec):
    """Return every row of every data set of a specification."""
    return [row for rows in spec["datasets"].values() for row in rows]


CHARTS = {
    "signature": signature,
    "months": months,
    "cusum": cumulated,
    "curve": curve,
    "bars": bars,
    "carpet": woven,
    "calendar": dated,
}


@pytest.mark.parametrize("make", CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("language", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_every_chart_draws_and_has_its_sentence_and_its_table(make, language):
    chart = make(language)
    alt.LayerChart.from_dict(chart.spec, validate=True)
    svg = chart_svg(chart.spec, language=language.code)
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "Source Sans 3" in svg
    assert chart.title
    assert chart.summary.endswith(".")
    assert chart.key
    assert all(len(row) == len(chart.header) for row in chart.rows)
    assert chart.rows


@pytest.mark.parametrize("make", CHARTS.values(), ids=CHARTS)
def test_a_specification_names_styles_and_no_colour(make):
    written = json.dumps(make().spec)
    assert not re.search(r"#[0-9A-Fa-f]{6}", written)
    named = set(re.findall(r'"style": "([a-z-]+)"', written))
    assert named <= set(chart_theme("light", "fr")["style"]) == set(chart_theme("dark", "fr")["style"])


def test_the_finding_says_what_was_avoided_with_its_interval():
    chart = months()
    assert chart.title == "1\u202f200\u202fkWh évités, soit 10,9\u202f% de la référence ajustée"
    assert "entre 700\u202fkWh et 1\u202f700\u202fkWh (confiance 90\u202f%)" in chart.summary
    assert chart.rows[0] == ("janvier 2011", "900", "1\u202f000", "100")


def test_more_than_the_baseline_is_never_called_a_saving():
    assert months(avoided=-300.0).title.startswith("300\u202fkWh de plus que la référence ajustée")


def test_the_signature_names_its_balance_point_in_words_and_on_the_picture():
    chart = signature()
    assert chart.title == "Le bâtiment chauffe quand il fait moins de 15,2 °C"
    assert "15,2 °C" in chart_svg(chart.spec)


def test_days_not_measured_leave_a_gap_with_its_reason():
    chart = cumulated()
    holes = [row for row in values_of(chart.spec) if "from" in row]
    assert holes == [{"from": "2011-01-05T00:00:00Z", "to": "2011-01-10T00:00:00Z", "reason": "silence"}]
    assert chart.rows[6] == ("07/01/2011", "non mesuré", "silence")
    assert any(entry.label == "non mesuré" for entry in chart.key)


@pytest.mark.parametrize("make", [cumulated, woven, dated, bars])
def test_what_is_missing_is_hatched_on_paper_too(make):
    """WeasyPrint draws patterns and no gradients."""
    svg = chart_svg(make().spec)
    assert "Gradient" not in svg
    ids = re.findall(r'<pattern id="([^"]+)"', svg)
    assert ids
    assert all(f"url(#{one})" in svg for one in ids)


def test_events_are_numbered_on_the_line_and_listed():
    chart = cumulated()
    assert [entry.label for entry in chart.key][-1] == "1 : Salle ouverte, 20/01/2011"
    assert "1, Salle ouverte" in chart.summary


def test_the_carpet_says_what_nights_and_weekends_use_and_joins_equal_hours():
    chart = woven()
    assert chart.title == (
        "La nuit, le bâtiment consomme encore 40\u202f% de ce qu'il consomme en journée ; le week-end, 20\u202f%"
    )
    known, holes = chart.spec["datasets"]["known"], chart.spec["datasets"]["holes"]
    monday = [cell for cell in known if cell["from"].startswith("2011-01-03")]
    assert [(cell["first"], cell["last"], cell["said"]) for cell in monday] == [
        (0, 7, "4,0"),
        (7, 19, "10,0"),
        (19, 24, "4,0"),
    ]
    assert [(hole["from"], hole["to"]) for hole in holes] == [("2011-01-05T00:00:00Z", "2011-01-07T00:00:00Z")]
    assert chart.rows[8][:3] == ("8 h", "10,0", "10,0")
    assert len(chart.rows) == 24


def test_the_calendar_marks_what_used_more_by_more_than_a_colour():
    chart = dated()
    assert chart.title == "57 jours sur 59 ont consommé nettement moins que la référence, 1 nettement plus"
    beyond = chart.spec["datasets"]["beyond"]
    assert [cell["date"] for cell in beyond] == ["11 janvier 2011"]
    assert [cell["said"] for cell in chart.spec["datasets"]["holes"]] == ["silence"]
    steps = {cell["date"]: cell["step"] for cell in chart.spec["datasets"]["known"]}
    assert (steps["11 janvier 2011"], steps["12 janvier 2011"], steps["13 janvier 2011"]) == (-3, 0, 2)


def test_missing_and_estimated_are_named_in_the_key_only_where_they_occur():
    assert [entry.label for entry in bars().key] == ["mesuré", "estimé", "manquant"]
    whole = daily_bars([DayOfEnergy(JANUARY, 5.0)], energy="gas")
    assert [entry.label for entry in whole.key] == ["mesuré"]


def test_both_modes_of_the_theme_are_drawn_from_the_same_tokens():
    assert set(tokens("light")) == set(tokens("dark"))
    assert chart_theme("dark", "fr")["style"]["measured"]["color"] == tokens("dark")["ink"]
    assert chart_theme("light", "fr")["locale"]["number"]["thousands"] == "\u202f"


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(mode):
    token = tokens(mode)
    for word, surfaces in {
        "ink": ("paper", "wash", "sea-wash", "saved-wash", "excess-wash"),
        "muted": ("paper", "wash"),
        "sea": ("paper", "wash", "sea-wash"),
        "saved": ("paper", "wash"),
        "excess": ("paper", "wash"),
        "warn": ("paper", "wash", "warn-wash"),
        "on-sea": ("sea",),
    }.items():
        for surface in surfaces:
            light, dark = sorted((luminance(token[word]), luminance(token[surface])), reverse=True)
            # WCAG 2.1, 1.4.3
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (mode, word, surface)


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_a_number_is_written_so_that_it_reads_back(value, digits):
    for language, point, thousands in ((FRENCH, ",", "\u202f"), (ENGLISH, ".", ",")):
        written = language.number(value, digits)
        back = float(written.replace(thousands, "").replace(point, ".").replace("\u2212", "-"))
        assert back == pytest.approx(value, abs=0.5001 * 10**-digits)
        assert "-" not in written


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 500)), min_size=1, max_size=60))
def test_whatever_is_missing_every_hour_has_its_row_and_no_value_is_made_up(values):
    points = [
        CurvePoint(MONDAY + n * HOUR, value, "measured" if value is not None else "missing")
        for n, value in enumerate(values)
    ]
    chart = load_curve(points, energy="heat", step=HOUR)
    assert len(chart.rows) == len(values)
    assert sum(row[2] == "manquant" for row in chart.rows) == sum(value is None for value in values)
    json.dumps(chart.spec, allow_nan=False)
