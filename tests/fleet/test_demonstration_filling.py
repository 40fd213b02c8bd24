"""A demonstration of one small municipality: filled once, whole, whatever interrupts it."""

from __future__ import annotations

import datetime as dt
import io
import stat
from contextlib import contextmanager
from decimal import Decimal
from itertools import count

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from sqlalchemy import select, text

from billing.cli import group as billing
from billing.documents.invoice import XML_NAME
from billing.einvoice_check.validate import validate
from billing.invoices.credits import cancel
from billing.invoices.models import Invoice
from billing.invoices.register import check, issue
from billing.invoices.rendering import render
from billing.pack.keys import sign_with
from billing.pack.signing import signer_of
from billing.reports.models import ReportDocument
from fleet.accounts.sign_in import Refused, prove
from fleet.demonstration.doors import Doors
from fleet.demonstration.fill import Filling
from fleet.demonstration.metering import SEED, generate
from fleet.demonstration.municipalities import MUNICIPALITIES
from fleet.demonstration.portfolio import BUILDINGS
from fleet.demonstration.signins import open_account, sign_ins
from fleet.demonstration.story import LIVE_DAYS, Story, begin_story, find_story
from fleet.demonstration.table import copy_invoices, rows
from fleet.demonstration.timeline import Timeline
from foundation.actors import PUBLIC
from foundation.jobs.queue import Moment
from foundation.look.language import FRENCH
from foundation.tenancy import bind_actor
from tests import databases
from tests.billing.altered_documents import attached, with_a_digit_changed, with_another_total
from tests.chain import SEED as KEY

TODAY = dt.date(2026, 11, 22)
MOMENT = Moment(dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC), TODAY)
LAMBREZEL = (MUNICIPALITIES[-1],)
TABLES = (
    "foundation.attachment", "contracts.shareholder", "contracts.building", "contracts.agreement", "contracts.annex",
    "devices.metering_point", "devices.installation", "devices.reading", "devices.hourly_energy",
    "devices.daily_energy", "baseline.temperature", "baseline.measurement_plan", "baseline.savings_report",
    "billing.settlement", "billing.invoice", "fleet.account",
)  # fmt: skip


class Killed(BaseException):
    """The process ended here: nobody catches it, nothing is tidied up."""


@contextmanager
def silent(_title, _total):
    yield lambda: None


def killed_after(steps):
    """Return stages whose process dies when `steps` parts are done."""
    left = [steps]

    @contextmanager
    def stage(_title, _total):
        def told():
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        yield told

    return stage


@pytest.fixture(scope="module", autouse=True)
def signed():
    """Give this process the key `open_doors` would."""
    sign_with(signer_of(KEY))


@pytest.fixture
def doors(database, tmp_path):
    return Doors(database.sessions("web"), database.sessions("worker"), "http://127.0.0.1", tmp_path / "demo")


def fill(doors, stage=silent):
    Filling(doors, MOMENT, stage, LAMBREZEL).run()


@pytest.fixture(scope="module")
def filled(template, tmp_path_factory):
    """Yield the doors of a database that was filled without a hitch."""
    databases.drop("fleet_test_demonstration")
    own = databases.copy(template, "fleet_test_demonstration")
    doors = Doors(own.sessions("web"), own.sessions("worker"), "http://127.0.0.1", tmp_path_factory.mktemp("demo"))
    fill(doors)
    yield doors
    own.close()


def counts(doors):
    with doors.operator() as session:
        return {table: session.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES}


def test_a_municipality_is_filled_from_its_readings_to_the_file_of_its_invoice(filled, tmp_path):
    with filled.operator() as session:
        of_buildings = rows(session)
        assert {row.building for row in of_buildings} == {"École publique de Lambrezel", "Mairie de Lambrezel"}
        school = next(row for row in of_buildings if row.building.startswith("École"))
        assert school.avoided == school.baseline - school.measured
        assert Decimal("0.2") < school.avoided / school.baseline < Decimal("0.4")
        assert 0 < school.half_width < school.avoided
        (file,) = copy_invoices(session, tmp_path / "invoices")
        net = session.scalar(text("SELECT net FROM billing.invoice WHERE state = 'issued'"))
        assert net == sum(row.invoiced for row in of_buildings) > 0
    assert file.read_bytes().startswith(b"%PDF-")


def test_its_year_is_told_on_eight_pages_at_most_with_the_figures_of_its_reports(filled):
    with filled.operator() as session:
        report = session.scalars(select(ReportDocument)).one()
        avoided = sum(row.avoided for row in rows(session))
        pages = PdfReader(io.BytesIO(report.attachment.content)).pages
    assert Decimal(report.facts["energy"]["avoided_kwh"]) == avoided
    assert all(place["per_m2"]["value"] and place["change"]["value"] for place in report.facts["places"])
    assert len(pages) <= 8
    assert FRENCH.kwh(avoided) in "".join(page.extract_text() for page in pages).replace("\u00a0", "\u202f")


def documents_of(filled):
    """Return number, PDF and XML of each document, and of the credit note that would cancel each invoice."""
    with filled.worker() as session:
        issued = session.scalars(select(Invoice).where(Invoice.number.is_not(None)).order_by(Invoice.id)).all()
        assert issued
        notes = []
        for invoice in issued:
            if not invoice.is_credit_note:
                note = check(session, cancel(session, invoice, reason="Engagement erroné.", today=TODAY))
                notes.append(render(session, issue(session, note, today=TODAY), today=TODAY))
        found = [(one.number, one.pdf.content, one.xml.content) for one in (*issued, *notes)]
        session.rollback()
    return found


def test_every_document_passes_every_control_and_no_digit_of_it_can_be_changed(filled, tmp_path):
    documents = documents_of(filled)
    assert {number[0] for number, _, _ in documents} == {"A", "F"}

    def said(pdf):
        (tmp_path / "document.pdf").write_bytes(pdf)
        return CliRunner().invoke(billing, ["verify", str(tmp_path / "document.pdf")]).exit_code

    for number, pdf, xml in documents:
        # XSD, EN 16931 and BR-FR, as before it was issued.
        assert validate(xml) == (), number
        assert attached(pdf)[XML_NAME] == xml
        assert said(pdf) == 0, number
    number, pdf, _ = documents[0]
    for what, altered in (*with_a_digit_changed(pdf, of_each=1), *with_another_total(pdf)):
        assert said(altered) not in {0, 2}, (number, what)


def test_every_row_that_can_say_so_says_it_is_synthetic(filled):
    with filled.operator() as session:
        for table in ("contracts.company", "contracts.shareholder", "contracts.site", "baseline.station"):
            assert session.scalar(text(f"SELECT bool_and(synthetic) FROM {table}")), table


def test_not_a_kilowatt_hour_is_lost_between_the_generator_and_clean_energy(filled):
    story = Story(Timeline(TODAY), SEED)
    towns = {town.key for town in LAMBREZEL}
    chosen = tuple(building for building in BUILDINGS if building.municipality in towns)
    generated = generate(story.timeline, story.filled.end, story.seed, chosen)
    with filled.operator() as session:
        for meter, indexes in generated.indexes.items():
            derived = session.scalar(
                text(
                    "SELECT sum(kwh) FROM devices.daily_energy JOIN devices.installation USING (point_id)"
                    " JOIN devices.device ON device.id = device_id WHERE serial = :serial"
                ),
                {"serial": meter.sensor},
            )
            assert derived * 1000 == int(indexes[-1] - indexes[0])


def test_filled_twice_nothing_is_twice(filled):
    once = counts(filled)
    fill(filled)
    assert counts(filled) == once


def test_killed_again_and_again_it_goes_on_where_it_stopped(doors, database):
    owner = database.sessions("owner")
    for steps in count(1):
        try:
            fill(doors, killed_after(steps))
            break
        except Killed:
            with owner.begin() as session:  # a minute passes: the lease of whoever was killed runs out
                session.execute(text("UPDATE foundation.job SET leased_until = now() WHERE state = 'running'"))
    assert steps > 5
    once = counts(doors)
    assert once["billing.settlement"] == once["billing.invoice"] == once["contracts.agreement"] == 1
    assert once["devices.reading"] % once["devices.installation"] == 0
    assert once["baseline.savings_report"] == once["baseline.measurement_plan"] == once["contracts.annex"]
    fill(doors)
    assert counts(doors) == once


def test_filled_in_december_the_story_goes_on_in_january(doors):
    with doors.operator() as session:
        begun = begin_story(session, dt.date(2026, 12, 30))
    with doors.operator() as session:
        assert begin_story(session, dt.date(2027, 1, 4)) == begun == find_story(session)


@pytest.mark.parametrize(
    ("today", "end"),
    [(dt.date(2026, 11, 22), dt.date(2026, 11, 22 - LIVE_DAYS)), (dt.date(2027, 1, 2), dt.date(2027, 1, 1))],
)
def test_the_measured_year_is_always_filled_whole(doors, today, end):
    with doors.operator() as session:
        assert begin_story(session, today).filled.end == end


def test_passwords_are_of_this_checkout_for_its_owner_only_and_open_the_door(doors):
    made = sign_ins(doors.directory)
    assert sign_ins(doors.directory) == made
    assert made != sign_ins(doors.directory.parent / "another")
    assert stat.S_IMODE((doors.directory / "sign-ins.json").stat().st_mode) == 0o600
    assert {one.role for one in made} == {"operator", "technician", "shareholder"}
    for _ in range(2):
        with doors.operator() as session:
            open_account(session, made[0])
        with doors.web.begin() as session:
            bind_actor(session, PUBLIC)
            found = prove(session, made[0].email, made[0].password, remote_address="127.0.0.1")
            assert not isinstance(found, Refused)


def test_a_lost_file_of_passwords_gives_new_ones(doors):
    first = sign_ins(doors.directory)[0]
    with doors.operator() as session:
        assert open_account(session, first)
    (doors.directory / "sign-ins.json").unlink()
    second = sign_ins(doors.directory)[0]
    with doors.operator() as session:
        assert open_account(session, second)
    with doors.web.begin() as session:
        bind_actor(session, PUBLIC)
        assert isinstance(prove(session, first.email, first.password, remote_address="127.0.0.1"), Refused)
        assert not isinstance(prove(session, second.email, second.password, remote_address="127.0.0.1"), Refused)
