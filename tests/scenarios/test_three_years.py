"""An agreement from its first day to its buy-out: three years of money that balance to the cent.

Energies are generated; everything that follows is what people do, each under the role they have: instalment,
suspension, balance, dispute, complement, cancelled invoice, amendment, late data and their credit note, a neutral
year, the sale of a building, a negative year, the end, the sensors sold. At the end an accountant who knows the daily
energies and the terms, and nothing of the product, finds every euro again.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from baseline.plans.models import MeasurementPlan
from baseline.plans.register import draft_plan, freeze
from baseline.plans.register import sign as sign_plan
from baseline.reports.register import make_report
from baseline.weather.models import Station
from billing.evidence.audit import audit
from billing.evidence.document import verify_pdf
from billing.exits.register import propose_buy_out
from billing.invoices.credits import cancel, draft_credit_note
from billing.invoices.models import Credit, Invoice
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from billing.ledger.register import balance
from billing.receivables.models import Allocation, Payment
from billing.receivables.register import receive, refund, release, spread
from billing.settlements.disputes import Evidence, answer, decide, dispute
from billing.settlements.models import Settlement
from billing.settlements.register import accept, complement, propose, review
from contracts.agreements.amendments import draft_amendment, sign_amendment
from contracts.agreements.models import Agreement
from contracts.agreements.register import add_price, annex, draft_agreement, sign
from contracts.agreements.signatures import Document
from contracts.agreements.suspensions import end_agreement, suspend
from contracts.agreements.terms.data import BuyOut, Hurdle, LateData, Share, Terms
from contracts.parties.models import Shareholder
from contracts.parties.register import the_company
from contracts.sites.models import Building
from contracts.sites.register import hold, register_building, register_site
from contracts.sites.transfers import sell
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.actors import Actor, Role
from foundation.tenancy import bind_actor
from foundation.time import hours_in_day, local_midnight
from tests.baseline.fitting_buildings import office, outdoor, year_of_days
from tests.baseline.measured_building import measure
from tests.billing.agreement_example import town
from tests.chain import company

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from tests.databases import Database

PARIS = ZoneInfo("Europe/Paris")
URL = "https://spl.example"
PRICE = Decimal("0.20")
JANUARY = {year: dt.date(year, 1, 1) for year in range(2019, 2030)}
JULY = {year: dt.date(year, 7, 1) for year in (2023, 2025)}
SUSPENDED = (dt.date(2023, 9, 1), dt.date(2023, 11, 1))
LATE = (dt.date(2023, 3, 1), dt.date(2023, 3, 11))
CLAIRE, PAUL = Actor(Role.OPERATOR, 1, None, "Claire"), Actor(Role.OPERATOR, 2, None, "Paul")
SAVED = {2019: (0.0, 0.0), 2023: (0.20, 0.15), 2024: (0.01, 0.01), 2025: (-0.35, -0.30)}
"""What the school and the town hall really save, year by year."""
AT_FIRST = Terms(
    (Share(Fraction(1, 2)),),
    late_data=LateData(months=24),
    buy_out=(BuyOut(1, Decimal("3000.00")), BuyOut(3, Decimal("1500.00"))),
)
AMENDED = Terms(
    (Share(Fraction(2, 5)),),
    neutral_band=Hurdle(Fraction(4, 100)),
    late_data=AT_FIRST.late_data,
    buy_out=AT_FIRST.buy_out,
)


class Story:
    """Who does what, each in a transaction and a role of their own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.mayor = Actor(Role.SHAREHOLDER, 3, None, "La maire")
        self.plans: dict[str, int] = {}
        self.agreement = 0

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[Session]:
        """Yield a session of `actor`, committed at its end."""
        with self.database.sessions("web").begin() as session:
            bind_actor(session, actor)
            yield session

    def report(self, name: str, start: dt.date, end: dt.date, today: dt.date) -> None:
        """Let the worker report on a building."""
        now = dt.datetime.combine(today, dt.time(6), dt.UTC)
        with self.database.sessions("worker").begin() as session:
            make_report(
                session, session.get_one(MeasurementPlan, self.plans[name]), start=start, end=end, now=now, today=today
            )

    def propose(self, start: dt.date, end: dt.date, today: dt.date) -> int:
        """Propose a settlement, which a second person reads."""
        with self.acting(CLAIRE) as session:
            proposed = propose(
                session, session.get_one(Agreement, self.agreement), start=start, end=end, today=today, by=CLAIRE
            )
        return self.read(proposed.id, today)

    def complement(self, today: dt.date) -> int:
        """Propose what is owed beyond the settlements there are."""
        with self.acting(CLAIRE) as session:
            number = complement(session, session.get_one(Agreement, self.agreement), today=today, by=CLAIRE).id
        return self.read(number, today)

    def read(self, settlement: int, today: dt.date) -> int:
        """Let Paul read a settlement that Claire proposed."""
        with self.acting(PAUL) as session:
            review(session, session.get_one(Settlement, settlement), by=PAUL, today=today)
        return settlement

    def accept(self, settlement: int, today: dt.date) -> int:
        """Let the mayor accept."""
        with self.acting(self.mayor) as session:
            accept(session, session.get_one(Settlement, settlement), by=self.mayor.name, today=today)
        return settlement

    def bill(self, settlement: int, today: dt.date) -> str:
        """Draft, check, issue and print the document of an accepted settlement; return its number."""
        with self.acting(CLAIRE) as session:
            of = session.get_one(Settlement, settlement)
            make = draft_credit_note if of.outcome == "credit_note" else draft
            document = check(session, make(session, of, base_url=URL, today=today)).id
        return self.issue(document, today)

    def cancel(self, number: str, today: dt.date) -> str:
        """Take an invoice back whole; return the number of the credit note."""
        with self.acting(CLAIRE) as session:
            invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one()
            note = check(session, cancel(session, invoice, reason="Engagement erroné.", today=today)).id
        return self.issue(note, today)

    def issue(self, document: int, today: dt.date) -> str:
        """Issue in a transaction of its own, then let the worker print."""
        with self.acting(CLAIRE) as session:
            number = issue(session, session.get_one(Invoice, document), today=today).number
        with self.database.sessions("worker").begin() as session:
            render(session, session.get_one(Invoice, document), today=today)
        assert number is not None
        return number

    def pay(self, number: str, today: dt.date) -> None:
        """Let the treasury pay an invoice in two parts."""
        with self.acting(CLAIRE) as session:
            invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one()
            owner = session.get_one(Shareholder, invoice.shareholder_id)
            first = invoice.gross / 3
            for part, amount in enumerate((cents(first), invoice.gross - cents(first))):
                paid = receive(
                    session,
                    owner,
                    day=today,
                    amount=amount,
                    reference=f"{number}-{part}",
                    payer="Trésorerie",
                    by="Claire",
                    today=today,
                )
                spread(session, paid, by="Claire")

    def seen(self, settlement: int) -> dict[str, Any]:
        """Return what a settlement says."""
        with self.database.sessions("owner")() as session:
            of = session.get_one(Settlement, settlement)
            return {
                "outcome": of.outcome,
                "amount": of.amount,
                "lines": {line.label: line.amount for line in of.lines if line.amount},
                "steps": [step["name"] for step in of.evaluation["steps"]],
                "needs_review": of.needs_review,
            }


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture
def story(database: Database) -> Story:
    """Return the story on the day before the first contract year: two buildings measured, an agreement signed."""
    told = Story(database)
    with database.sessions("owner").begin() as session:
        company(session)
        the_company(session).second_review_above = Decimal(50)
        _begin(told, session)
    return told


def _begin(told: Story, session: Session) -> None:
    kermelo = town(session)
    town(session, name="Ailleurs", siren="200000024", siret="20000002400014")
    told.mayor = Actor(Role.SHAREHOLDER, 3, kermelo.id, "La maire")
    station = Station(code="56185001", name="Lorient")
    session.add(station)
    session.flush()
    site = register_site(session, name="Centre", city="Kermelo", timezone="Europe/Paris")
    _weather(session, station)
    plans = []
    for place, name in enumerate(("École", "Mairie")):
        building = register_building(session, site, name=name, use="school")
        hold(session, building, kermelo, start=dt.date(2000, 1, 1))
        point = register_point(session, building, name="Général", energy="electricity")
        boundary = register_boundary(
            session,
            name=name,
            energy="electricity",
            buildings=[building],
            terms=[(point, Decimal(1))],
            start=dt.date(2000, 1, 1),
        )
        for year, saved in SAVED.items():
            measure(session, point, _days(year, place, saved[place]))
        plan = draft_plan(
            session,
            boundary=boundary,
            station=station,
            baseline_start=JANUARY[2019],
            baseline_end=JANUARY[2020],
            reporting_starts_on=JANUARY[2023],
        )
        freeze(session, plan, by="Claire", now=dt.datetime(2022, 12, 31, 12, tzinfo=dt.UTC))
        plans.append(plan)
        told.plans[name] = plan.id
    agreement = draft_agreement(
        session,
        number="PAYS-1",
        title="Suivi énergétique",
        shareholder=kermelo,
        budget=kermelo.budgets[0],
        starts_on=JANUARY[2023],
        ends_on=JANUARY[2028],
        terms=AT_FIRST,
    )
    add_price(session, agreement, energy="electricity", start=JANUARY[2023], end=None, price=PRICE)
    for plan in plans:
        annex(session, agreement, f"Plan de mesure – {plan.boundary.name}", plan.sha256 or "")
    sign(session, agreement, **_signature(dt.date(2022, 12, 31)), today=dt.date(2022, 12, 31))
    for plan in plans:
        sign_plan(session, plan, agreement=agreement, signed_on=dt.date(2022, 12, 31))
    told.agreement = agreement.id


def _signature(day: dt.date) -> dict[str, Any]:
    return {
        "signed_on": day,
        "deliberation_number": f"{day.year}-12",
        "deliberation_date": day - dt.timedelta(days=9),
        "transmitted_on": day - dt.timedelta(days=7),
        "signatory": "La maire",
        "delegation": "Délibération 2020-05 du 28/05/2020",
        "document": Document(b"%PDF " + day.isoformat().encode(), "signe.pdf", "application/pdf"),
    }


def _year(year: int) -> list[dt.date]:
    return year_of_days((JANUARY[year + 1] - JANUARY[year]).days, JANUARY[year])


def _days(year: int, place: int, saved: float) -> list[tuple[dt.date, float, float, int | None]]:
    """Return the days of a building; of the school some of March 2023 come late, the town hall is closed a while."""
    days = _year(year)
    energy = office(days, outdoor(days, year), seed=10 * year + place, saving=saved)
    return [
        (day, max(float(kwh), 0.0), 0.0, 0 if place == 0 and LATE[0] <= day < LATE[1] else None)
        for day, kwh in zip(days, energy, strict=True)
    ]


def _weather(session: Session, station: Station) -> None:
    days = [day for year in SAVED for day in _year(year)]
    celsius = [value for year in SAVED for value in outdoor(_year(year), year)]
    session.execute(
        text(
            "INSERT INTO baseline.temperature (station_id, hour, celsius)"
            " SELECT :station, day + hour * interval '1 hour', celsius"
            " FROM unnest(:days, :hours, :celsius) AS t (day, hours, celsius), generate_series(0, hours - 1) hour"
        ),
        {
            "station": station.id,
            "days": [local_midnight(day, PARIS) for day in days],
            "hours": [hours_in_day(day, PARIS) for day in days],
            "celsius": [round(Decimal(repr(float(one))), 4) for one in celsius],
        },
    )


@pytest.mark.timeout(300)
def test_three_years_balance_to_the_cent(story: Story) -> None:  # noqa: PLR0915 - one story, told whole
    database = story.database

    # 2023. An instalment in summer: at most what is proven.
    today = dt.date(2023, 7, 10)
    for name in story.plans:
        story.report(name, JANUARY[2023], JULY[2023], today)
    instalment = story.accept(story.propose(JANUARY[2023], JULY[2023], today), today)
    assert {"lower_bound", "fee"} <= set(story.seen(instalment)["steps"])
    assert story.seen(instalment)["needs_review"]
    first = story.bill(instalment, today)
    story.pay(first, dt.date(2023, 8, 1))

    # The town hall closes for works; two months neither save nor owe.
    with story.acting(CLAIRE) as session:
        hall = session.scalars(select(Building).where(Building.name == "Mairie")).one()
        suspend(
            session,
            session.get_one(Agreement, story.agreement),
            start=SUSPENDED[0],
            end=SUSPENDED[1],
            reason="Travaux",
            extends_term=False,
            by="Claire",
            today=dt.date(2023, 8, 20),
            building=hall,
        )

    # The balance of the year: the municipality disputes the town hall, the rest is due at once.
    today = dt.date(2024, 1, 10)
    for name in story.plans:
        story.report(name, JANUARY[2023], JANUARY[2024], today)
    disputed = story.propose(JULY[2023], JANUARY[2024], today)
    assert "suspended" in story.seen(disputed)["steps"]
    with story.acting(story.mayor) as session:
        of = session.get_one(Settlement, disputed)
        lines = [line for line in of.lines if line.label == "Mairie"]
        letter = Evidence("courrier.pdf", "application/pdf", b"%PDF chauffage")
        dispute(session, of, lines=lines, reason="Le chauffage était éteint.", by="M", today=today, evidence=[letter])
    rest = story.accept(story.propose(JULY[2023], JANUARY[2024], today), today)
    assert set(story.seen(rest)["lines"]) == {"École"}
    second = story.bill(rest, today)
    story.pay(second, dt.date(2024, 2, 1))
    today = dt.date(2024, 2, 5)
    with story.acting(CLAIRE) as session:
        of = session.get_one(Settlement, disputed)
        answer(session, of, outcome="maintained", text="Le relevé le montre.", by="Claire", today=today)
        decide(session, of, outcome="maintained", decision="Les deux parties en conviennent.", by="Claire", today=today)
    completed = story.accept(story.complement(today), today)
    assert set(story.seen(completed)["lines"]) == {"Mairie"}
    wrong = story.bill(completed, today)

    # Its commitment number was wrong: taken back whole, and issued anew.
    note = story.cancel(wrong, dt.date(2024, 2, 6))
    third = story.bill(completed, dt.date(2024, 2, 6))
    assert (first, second, wrong, note, third) == (
        "F2023-0001",
        "F2024-0001",
        "F2024-0002",
        "A2024-0001",
        "F2024-0003",
    )
    story.pay(third, dt.date(2024, 3, 1))
    before_late_data = expected_of_2023(database)
    assert billed(database) == before_late_data

    # 2024. New terms from the first day of the year; it turns out neutral. Days of March 2023 come late and cost.
    with story.acting(CLAIRE) as session:
        agreement = session.get_one(Agreement, story.agreement)
        amendment = draft_amendment(
            session, agreement, title="Deux cinquièmes", effective_on=JANUARY[2024], terms=AMENDED
        )
        sign_amendment(session, amendment, **_signature(dt.date(2023, 12, 30)), today=today)
    with database.sessions("owner").begin() as session:
        session.execute(
            text(
                "UPDATE devices.daily_energy e SET kwh = 400, hours_measured = hours_expected, reason = 'measured',"
                " revision = revision + 1"
                " FROM devices.metering_point p JOIN contracts.building b ON b.id = p.building_id"
                " WHERE e.point_id = p.id AND b.name = 'École' AND e.day >= :first AND e.day < :after"
            ),
            {"first": LATE[0], "after": LATE[1]},
        )
    today = dt.date(2025, 1, 10)
    story.report("École", JANUARY[2023], JANUARY[2024], today)
    for name in story.plans:
        story.report(name, JANUARY[2024], JANUARY[2025], today)
    neutral = story.accept(story.propose(JANUARY[2024], JANUARY[2025], today), today)
    seen = story.seen(neutral)
    assert seen["outcome"] == "credit_note"
    assert set(seen["lines"]) == {"École (année 1)", "Mairie (année 1)"} or set(seen["lines"]) == {"École (année 1)"}
    assert {"neutral_band", "late"} <= set(seen["steps"])
    assert story.bill(neutral, today) == "A2025-0001"
    assert expected_of_2023(database) < before_late_data
    assert billed(database) == expected_of_2023(database)
    # What was paid of the invoices it names is taken off them: the part still due is paid again, the rest given back.
    with story.acting(CLAIRE) as session:
        owner = session.get_one(Shareholder, story.mayor.shareholder_id)
        due = -balance(session, "411", shareholder_id=owner.id)
        assert due == cents(-seen["amount"] * Decimal("1.2"))
        credited = session.scalars(select(Credit.invoice_id).join(Credit.note).where(Invoice.number == "A2025-0001"))
        for allocation in session.scalars(
            select(Allocation).where(Allocation.invoice_id.in_(credited.all())).order_by(Allocation.id)
        ).all():
            release(session, allocation.payment, allocation.invoice, by="Claire")
        for payment in session.scalars(select(Payment).order_by(Payment.id)):
            spread(session, payment, by="Claire")
        refund(session, owner, day=today, amount=due, reference="R-1", by="Claire", today=today)

    # 2025. The town hall is sold in summer and leaves the agreement; the year is negative.
    today = dt.date(2025, 7, 1)
    with story.acting(CLAIRE) as session:
        hall = session.scalars(select(Building).where(Building.name == "Mairie")).one()
        buyer = session.scalars(select(Shareholder).where(Shareholder.name == "Ailleurs")).one()
        sell(session, hall, buyer, on=JULY[2025], act="Acte du 20/06/2025")
        agreement = session.get_one(Agreement, story.agreement)
        boundary = session.get_one(MeasurementPlan, story.plans["Mairie"]).boundary_id
        amendment = draft_amendment(
            session, agreement, title="La mairie est vendue", effective_on=JULY[2025], withdrawn=[boundary]
        )
        sign_amendment(session, amendment, **_signature(dt.date(2025, 6, 25)), today=today)
        new_owner = Actor(Role.SHAREHOLDER, 4, buyer.id, "Le maire d'Ailleurs")
    today = dt.date(2026, 1, 10)
    story.report("École", JANUARY[2025], JANUARY[2026], today)
    story.report("Mairie", JANUARY[2025], JULY[2025], today)
    negative = story.propose(JANUARY[2025], JANUARY[2026], today)
    story.accept(negative, today)
    assert (story.seen(negative)["outcome"], story.seen(negative)["amount"]) == ("nothing", 0)
    assert "deficit" in story.seen(negative)["steps"]

    # The agreement ends after three whole years; the municipality keeps the sensors.
    with story.acting(CLAIRE) as session:
        agreement = session.get_one(Agreement, story.agreement)
        end_agreement(session, agreement, on=JANUARY[2026], reason="L'école aussi change de mains.")
    with story.acting(CLAIRE) as session:
        sold = propose_buy_out(session, session.get_one(Agreement, story.agreement), today=today, by=CLAIRE).id
    story.read(sold, today)
    last = story.bill(story.accept(sold, today), today)
    assert last == "F2026-0001"
    story.pay(last, dt.date(2026, 2, 1))

    # Every document holds by itself, the whole chain agrees, and the books balance to the cent.
    with database.sessions("worker")() as session:
        assert audit(session) == ()
    with database.sessions("owner")() as session:
        documents = session.scalars(select(Invoice).order_by(Invoice.id)).all()
        assert len(documents) == 7
        for one in documents:
            assert one.pdf is not None
            assert [str(found) for found in verify_pdf(one.pdf.content).found] == [], one.number
        shares = expected_of_2023(database)
        assert balance(session, "706") == -shares
        assert balance(session, "775") == Decimal("-1500.00")
        assert balance(session, "411") == 0
        assert balance(session, "44574") == 0, "all is paid: no VAT waits any more"
        assert balance(session, "44571") == -cents(shares * Decimal("0.2")) - 300
        assert balance(session, "512") == cents(shares * Decimal("1.2")) + 1800

    # Who bought the town hall sees it, and nothing of the seller's money; the seller keeps what was its own.
    with story.acting(new_owner) as session:
        assert [one.name for one in session.scalars(select(Building))] == ["Mairie"]
        assert session.scalars(select(Settlement)).all() == []
        assert session.scalars(select(Invoice)).all() == []
    with story.acting(story.mayor) as session:
        assert len(session.scalars(select(Invoice)).all()) == 7


def billed(database: Database) -> Decimal:
    """Return the sum of all documents, credit notes subtracted, excluding VAT."""
    with database.sessions("owner")() as session:
        return session.scalar(
            text("SELECT sum(CASE type_code WHEN '381' THEN -net ELSE net END) FROM billing.invoice")
        ) or Decimal(0)


def expected_of_2023(database: Database) -> Decimal:
    """Return what 2023 owes, from the days of its newest reports alone: half of the net savings at 0.20 EUR."""
    with database.sessions("owner")() as session:
        energies = session.execute(
            text(
                "WITH newest AS (SELECT DISTINCT ON (plan_id) id, plan_id FROM baseline.savings_report"
                " WHERE period = '[2023-01-01,2024-01-01)' ORDER BY plan_id, id DESC)"
                " SELECT n.plan_id, sum(d.adjusted_baseline_kwh - d.measured_kwh) FROM newest n"
                " JOIN baseline.report_day d ON d.report_id = n.id JOIN baseline.measurement_plan p ON p.id = n.plan_id"
                " JOIN devices.measurement_boundary b ON b.id = p.boundary_id WHERE d.counted"
                " AND NOT (b.name = 'Mairie' AND d.day >= :first AND d.day < :after) GROUP BY n.plan_id"
            ),
            {"first": SUSPENDED[0], "after": SUSPENDED[1]},
        ).all()
    net = sum((cents(kwh * PRICE) for _, kwh in energies), Decimal("0.00"))
    return cents(net / 2)
