"""Pictures of a year: who keeps what, which place uses how much a square metre, the way to 2050."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import altair as alt

from baseline.indicators.rules import DECREE
from foundation.look.charts import Chart, Key, chart_of, chart_spec
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from foundation.look.language import Language

ROW, LEAST = 22, 3
"""Pixels of a bar; rows a picture is never lower than."""
LONGEST = 40
"""Letters of a place's name on an axis."""


def money_chart(money: Mapping[str, str], language: Language) -> Chart:
    """Draw the euros avoided, and what of them goes to the SPL."""
    _ = language.translate
    avoided, fee = Decimal(money["avoided"]), Decimal(money["fee"])
    rows = [
        (_(N_("évité")), avoided),
        (_(N_("part de la SPL")), fee),
        (_(N_("reste, hors taxes")), avoided - fee),
    ]
    return _bars(
        rows,
        None,
        title=_(N_("{kept} d'énergie évitée restent à la collectivité, hors taxes")).format(
            kept=language.euros(avoided - fee)
        ),
        measure=_(N_("Euros de l'année, hors taxes")),
        words=[language.euros(amount) for _name, amount in rows],
        key=(),
    )


def places_chart(places: Sequence[Mapping[str, Any]], language: Language) -> Chart:
    """Draw kWh a square metre of each ranked place, its reference year as a dashed mark."""
    _ = language.translate
    rows = [(one["name"], Decimal(one["per_m2"]["value"])) for one in places]
    references = [
        None if one["reference_per_m2"]["value"] is None else Decimal(one["reference_per_m2"]["value"])
        for one in places
    ]
    least, most = rows[0], rows[-1]
    return _bars(
        rows,
        references,
        title=_(N_("De {least} kWh/m² ({first}) à {most} kWh/m² ({last})")).format(
            least=language.number(least[1]), first=least[0], most=language.number(most[1]), last=most[0]
        ),
        measure=_(N_("Énergie finale mesurée de l'année, kWh/m²")),
        words=[language.number(value) for _name, value in rows],
        key=(Key("measured-bar", _(N_("mesuré"))), Key("baseline", _(N_("année de référence")))),
    )


def path_chart(sites: Sequence[Mapping[str, Any]], year: int, language: Language) -> Chart:
    """Draw all sites of the decree together: the reference, the year, and what 2030, 2040 and 2050 leave."""
    _ = language.translate
    reference = sum((Decimal(one["reference_kwh"]["value"]) for one in sites), Decimal(0))
    now = sum((Decimal(one["corrected_kwh"]["value"]) for one in sites), Decimal(0))
    steps = [(_(N_("référence")), reference), (str(year), now)]
    steps += [(str(one), sum((Decimal(site["path"][str(one)]) for site in sites), Decimal(0))) for one in DECREE]
    change = now / reference - 1 if reference else Decimal(0)
    goals = [None, None, *(value for _name, value in steps[2:])]
    return _bars(
        steps,
        goals,
        title=_(N_("{change} depuis l'année de référence, à climat égal ; 2030 demande −40 %")).format(
            change=("+" if change > 0 else "") + language.percent(change, 1)
        ),
        measure=_(N_("Énergie finale des sites soumis, kWh par an")),
        words=[language.number(value) for _name, value in steps],
        key=(Key("measured-bar", _(N_("consommé"))), Key("baseline", _(N_("ce que le décret laisse")))),
        only_marks=2,
    )


def _bars(
    rows: Sequence[tuple[str, Decimal]],
    marks: Sequence[Decimal | None] | None,
    *,
    title: str,
    measure: str,
    words: Sequence[str],
    key: tuple[Key, ...],
    only_marks: int | None = None,
) -> Chart:
    """Draw a bar a row from zero, its figure at its end; `marks` beside it dashed; from `only_marks` on no bar."""
    data: list[dict[str, Any]] = [
        {
            "place": f"{number:02d}",
            "name": name if len(name) <= LONGEST else name[: LONGEST - 1] + "…",
            "value": float(value) if only_marks is None or number < only_marks else 0.0,
            "mark": None if marks is None or marks[number] is None else float(marks[number] or 0),
            "end": float(max(value, (marks[number] if marks is not None else None) or Decimal(0), Decimal(0))),
            "word": words[number],
        }
        for number, (name, value) in enumerate(rows)
    ]
    names = alt.Y(
        "name:N",
        sort=alt.EncodingSortField("place"),
        title=None,
        axis=alt.Axis(labelLimit=260, ticks=False, grid=False),
    )
    base = chart_of("rows").encode(y=names)
    # Figures stand in a column of their own, so that none is read as a mark's.
    room = max((one["end"] for one in data), default=1.0) * 1.25 or 1.0
    for one in data:
        one["room"] = room
    scale = alt.Scale(domain=[min(0.0, *(one["value"] for one in data)), room], nice=False)
    layers = [
        base.mark_bar(style="measured-bar", height=12).encode(x=alt.X("value:Q", title=None, scale=scale)),
        base.mark_text(style="note", align="right").encode(x=alt.X("room:Q", scale=scale), text="word:N"),
    ]
    if marks is not None:
        layers.append(base.mark_tick(style="baseline", thickness=2, size=20).encode(x=alt.X("mark:Q", scale=scale)))
    spec = chart_spec(layers, rows=data)
    spec["height"] = ROW * max(len(data), LEAST)
    said = " ; ".join(f"{name} {word}" for (name, _value), word in zip(rows, words, strict=True))
    return Chart(
        title=title,
        measure=measure,
        key=key,
        spec=spec,
        summary=f"{title}. {said}.",
        header=(measure, ""),
        rows=tuple((name, word) for (name, _value), word in zip(rows, words, strict=True)),
    )


def shareholders_chart(rows: Sequence[Mapping[str, Any]], language: Language) -> Chart:
    """Draw the euros each shareholder avoided; the dashed mark is the SPL's share of them."""
    _ = language.translate
    ordered = sorted(rows, key=lambda one: -Decimal(one["avoided"]))
    values = [(one["name"], Decimal(one["avoided"])) for one in ordered]
    whole = sum((value for _name, value in values), Decimal(0))
    return _bars(
        values,
        [Decimal(one["fee"]) for one in ordered],
        title=_(N_("{euros} d'énergie évités par {count} actionnaires")).format(
            euros=language.euros(whole), count=len(values)
        ),
        measure=_(N_("Euros évités dans l'année, hors taxes")),
        words=[language.euros(value) for _name, value in values],
        key=(Key("measured-bar", _(N_("évité"))), Key("baseline", _(N_("part de la SPL")))),
    )
