"""A document as data: sections of words, tables and charts, printed by one template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from foundation.documents.render import DocumentFacts, render_pdf
from foundation.look.charts import chart_svg
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from foundation.look.charts import Chart
    from foundation.look.language import Language

CHART_WIDTH = 660
"""Pixels; printed on 180 mm."""


@dataclass(frozen=True)
class Table:
    """Rows of text; columns of figures stand right."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    figures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """One question and its answer."""

    title: str
    paragraphs: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    chart: Chart | None = None
    table: Table | None = None
    points: Sequence[str] = ()
    annex: Sequence[tuple[str, Table]] = ()
    """Small tables under a title each."""
    new_page: bool = False


@dataclass(frozen=True)
class Printed:
    """A document: what it is, its answer, three or four figures, its sections."""

    kind: str
    name: str
    company: str
    contact: str
    date: str
    sha256: str
    lead: str
    figures: Sequence[tuple[str, str, str]] = ()
    """Name, figure, note."""
    sections: Sequence[Section] = ()
    synthetic: bool = False
    tone: str = "saved"
    dense: bool = False
    """Closer together, for what has to stand on one page."""


def print_pages(printed: Printed, *, instant: dt.datetime, language: Language) -> bytes:
    """Return the PDF/A-3a of a document, charts as tagged figures; the same arguments give the same bytes."""
    _ = language.translate
    assets: dict[str, bytes] = {}
    for number, section in enumerate(printed.sections):
        if section.chart is not None:
            svg = chart_svg(section.chart.spec, width=CHART_WIDTH, language=language.code)
            assets[f"chart-{number}.svg"] = svg.encode()
    words = {
        "fingerprint": _(N_("empreinte")),
        "page": _(N_("page")),
        "of": _(N_("de")),
        "logo": _(N_("Logo de {name}")).format(name=printed.company),
        "synthetic": _(N_("DONNÉES DE SYNTHÈSE : démonstration, sans valeur")),
    }
    facts = DocumentFacts(title=f"{printed.kind} - {printed.name}", author=printed.company, instant=instant)
    context = {"printed": printed, "words": words}
    return render_pdf("savings.html.jinja2", context, facts, assets=assets, language=language)
