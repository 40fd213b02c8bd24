"""A plan and a report on paper: complete, reproducible, kept once."""

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from baseline.documents.originals import make_original, original_of
from baseline.documents.pages import print_pages
from baseline.documents.plan import plan_pages
from baseline.documents.report import report_pages
from baseline.plans.register import Choices, draft_plan, freeze
from devices.bills.models import SupplierBill
from devices.energy.models import DailyEnergy
from foundation.attachments.store import keep
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from tests.baseline.measured_building import AFTER, BEFORE, NOON, SAVING, generated, measured, sign_all

TEXT = "Isolation des combles et régulation"


@pytest.fixture
def building(dbsession):
    days = [*generated(dt.date(2017, 1, 1)), *generated(BEFORE), *generated(AFTER, 5, saving=SAVING)]
    of = measured(
        dbsession,
        days,
        choices=Choices(school_zone="B", window_rule="agreed", least_completeness=Decimal("0.9")),
        headings={"purpose": TEXT, "responsibilities": "La SPL relève ; la ville signale."},
    )
    sign_all(of)
    return of


def words(pages):
    told = [pages.lead, *(value for _, value, _ in pages.figures)]
    for section in pages.sections:
        told += [section.title, *section.paragraphs, *section.points, *(value for _, value in section.facts)]
    return "\n".join(told)


def test_plan_says_its_headings_and_what_is_missing(building):
    told = words(plan_pages(building.session, building.plan, FRENCH))
    assert TEXT in told
    assert "rien n'est écrit" in told
    assert building.plan.sha256 in told


def test_a_draft_is_not_printed(building):
    draft = draft_plan(
        building.session,
        boundary=building.boundary,
        station=building.plan.station,
        baseline_start=BEFORE,
        baseline_end=dt.date(2019, 1, 1),
        reporting_starts_on=AFTER,
    )
    with pytest.raises(Refusal, match="figez"):
        plan_pages(building.session, draft, FRENCH)
    freeze(building.session, draft, by="Claire", now=NOON)
    assert plan_pages(building.session, draft, FRENCH).sha256 == draft.sha256


def test_report_prints_its_figures_and_its_months(building):
    report = building.report()
    building.agree(building.propose())
    pages = report_pages(building.session, building.report(), FRENCH)
    titles = [section.title for section in pages.sections]
    assert "Quels événements, travaux à part ?" in titles
    assert len(pages.sections[0].table.rows) == 12
    assert [bool(section.chart) for section in pages.sections[:4]] == [True] * 4, "months, sum, calendar, signature"
    annex = pages.sections[-1].annex
    assert [title for title, _ in annex] == ["Référence ajustée, kWh", "Mesuré, kWh", "Évité, kWh"]
    assert all(len(table.rows) == 31 + 1 and len(table.header) == 12 + 1 for _, table in annex)
    sums = [row[4].replace("\u202f", "") for row in pages.sections[0].table.rows]
    assert [cell.replace("\u202f", "") for cell in annex[2][1].rows[-1][1:]] == sums
    assert report.plan.sha256 in words(pages)


def test_the_first_rendering_is_the_original(building):
    report = building.report()
    made = make_original(building.session, report, FRENCH, now=NOON)
    assert make_original(building.session, report, FRENCH, now=NOON + dt.timedelta(days=1)) is made
    assert original_of(building.session, report, "fr") is made
    assert original_of(building.session, building.plan, "fr") is None
    assert made.attachment.shareholder_id == building.shareholder.id
    again = print_pages(report_pages(building.session, report, FRENCH), instant=report.made_at, language=FRENCH)
    assert again == made.attachment.content


def test_pdf_is_tagged_and_holds_its_words(building):
    content = make_original(building.session, building.plan, FRENCH, now=NOON).attachment.content
    pdf = PdfReader(BytesIO(content))
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "fr"
    assert TEXT in "".join(page.extract_text() for page in pdf.pages)


def test_report_sets_each_bill_beside_what_was_measured(building):
    january = sum(
        day.kwh or 0
        for day in building.session.scalars(
            select(DailyEnergy).where(
                DailyEnergy.point_id == building.point.id,
                DailyEnergy.day >= dt.date(2023, 1, 1),
                DailyEnergy.day < dt.date(2023, 2, 1),
            )
        )
    )
    original = keep(building.session, b"bills", name="factures.csv", media_type="text/csv")
    for month, kwh, estimated in ((1, january, False), (2, january * 2, False), (3, january, True)):
        building.session.add(
            SupplierBill(
                point_id=building.point.id,
                period=Range(dt.date(2023, month, 1), dt.date(2023, month + 1, 1)),
                number=f"F{month}",
                kwh=round(kwh, 3),
                estimated=estimated,
                attachment_id=original.id,
                line=month,
            )
        )
    building.session.flush()

    report = building.report()

    told = report.analysis["bills"]
    assert [one["verdict"] for one in told] == ["agrees", "differs", "estimated"]
    assert told[0]["measured_kwh"] == told[0]["billed_kwh"]
    section = next(
        one
        for one in report_pages(building.session, report, FRENCH).sections
        if one.title == "La mesure recoupe-t-elle les factures ?"
    )
    assert [row[-1] for row in section.table.rows] == ["concorde", "s'écarte", "facture estimée"]
