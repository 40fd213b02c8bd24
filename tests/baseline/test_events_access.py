"""Who may say and see what of events: row-level security holds it, whoever writes the page."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from baseline.events.models import EventSuggestion, NonRoutineEvent
from baseline.events.register import Evidence, Proposal, decide, propose
from baseline.events.rules import Speaker
from baseline.plans.models import MeasurementPlan
from baseline.reports.acceptances import accept_finding
from baseline.reports.models import SavingsReport
from baseline.reports.register import make_report
from baseline.reports.tasks import look
from contracts.parties.register import register_shareholder
from devices.points.models import MeasurementBoundary
from foundation.actors import Actor, Role
from foundation.jobs.models import JobItem
from foundation.jobs.queue import Moment
from foundation.tenancy import bind_actor
from tests.baseline.measured_building import (
    AFTER,
    BEFORE,
    END,
    EXTRA_KWH,
    JUNE,
    NOON,
    SAVING,
    TODAY,
    generated,
    measured,
    sign_all,
)

TABLES = ("non_routine_event", "event_evidence", "event_decision", "event_suggestion", "finding_acceptance")


@pytest.fixture
def town(database):
    """A measured building with a retroactive plan and an event in June, its municipality and another; committed."""
    with database.sessions("owner").begin() as session:
        hall = measured(session, [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING, extra=EXTRA_KWH)])
        sign_all(hall, signed_on=dt.date(2023, 3, 1))
        other = register_shareholder(
            session, name="Ailleurs", siren="200000024", street="1 place", postcode="56000", city="Ailleurs"
        )
        return database, hall.shareholder.id, other.id


def session_of(database, role, shareholder_id=None, account_id=1):
    session = database.sessions("web")()
    bind_actor(session, Actor(role, account_id=account_id, shareholder_id=shareholder_id))
    return session


def say(session, speaker, **more):
    boundary = session.scalars(select(MeasurementBoundary)).one()
    said = Proposal("hours", "indicator", JUNE[0], JUNE[1], "Cours d'été", **more)
    return propose(session, boundary, said, speaker=speaker, today=TODAY)


def test_worker_and_both_parties_do_their_part_and_a_stranger_sees_nothing(town):
    database, mine, other = town
    with database.sessions("worker").begin() as worker:
        plan = worker.scalars(select(MeasurementPlan)).one()
        first = make_report(worker, plan, start=AFTER, end=END, now=NOON, today=TODAY)
        assert worker.scalars(select(EventSuggestion)).all()

    with session_of(database, Role.SHAREHOLDER, mine) as mayor:
        event = say(
            mayor,
            Speaker("shareholder", "La maire", 1, mine),
            evidence=[Evidence("arrete.pdf", "application/pdf", b"%PDF")],
        )
        accept_finding(
            mayor,
            mayor.scalars(select(MeasurementPlan)).one(),
            code="retroactive_plan",
            about="",
            speaker=Speaker("shareholder", "La maire", 1, mine),
            reason="Lu",
            today=TODAY,
        )
        mayor.commit()
        assert mayor.scalars(select(NonRoutineEvent)).one().evidence[0].attachment.content == b"%PDF"

    with session_of(database, Role.OPERATOR) as operator:
        decide(
            operator,
            operator.get_one(NonRoutineEvent, event.id),
            verdict="agreed",
            speaker=Speaker("spl", "Claire", 1),
            today=TODAY,
        )
        operator.commit()

    moment = Moment(NOON, TODAY)
    for _ in range(2):
        with database.sessions("worker").begin() as worker:
            look(worker, moment)
    with database.sessions("worker").begin() as worker:
        [asked] = worker.scalars(select(JobItem))
        assert asked.key.startswith(f"report-{first.id}-decision-")
        plan = worker.scalars(select(MeasurementPlan)).one()
        second = make_report(worker, plan, start=AFTER, end=END, now=NOON, today=TODAY)
        assert second.avoided_energy_kwh > first.avoided_energy_kwh
    with database.sessions("worker").begin() as worker:
        look(worker, moment)
        assert len(worker.scalars(select(JobItem)).all()) == 1, "nothing was said since"

    for role, shareholder, seen in (
        (Role.SHAREHOLDER, mine, 1),
        (Role.SHAREHOLDER, other, 0),
        (Role.OPERATOR, None, 1),
    ):
        with session_of(database, role, shareholder) as session:
            assert [min(session.scalar(text(f"SELECT count(*) FROM baseline.{table}")), 1) for table in TABLES] == [
                seen
            ] * len(TABLES)
    with session_of(database, Role.TECHNICIAN) as technician, pytest.raises(DatabaseError, match="permission denied"):
        technician.execute(text("SELECT * FROM baseline.non_routine_event"))


def test_nobody_speaks_for_the_other_in_the_database_either(town):
    database, mine, other = town
    with session_of(database, Role.OPERATOR) as operator:
        event_id = say(operator, Speaker("spl", "Claire", 1)).id
        plan_id = operator.scalars(select(MeasurementPlan.id)).one()
        operator.commit()
    decision = (
        "INSERT INTO baseline.event_decision (event_id, party, verdict, by, account_id, decided_on, reason)"
        f" VALUES ({event_id}, '{{party}}', 'agreed', 'X', {{account}}, '2024-01-10', '')"
    )
    acceptance = (
        "INSERT INTO baseline.finding_acceptance (plan_id, code, about, finding, party, by, account_id, accepted_on,"
        f" reason) VALUES ({plan_id}, 'retroactive_plan', '', '{{{{}}}}', '{{party}}', 'X', {{account}},"
        " '2024-01-10', 'Lu')"
    )
    for statement in (decision, acceptance):
        for role, shareholder, party, account in (
            (Role.OPERATOR, None, "shareholder", 1),
            (Role.OPERATOR, None, "spl", 2),
            (Role.SHAREHOLDER, mine, "spl", 1),
            (Role.SHAREHOLDER, mine, "shareholder", 2),
            (Role.SHAREHOLDER, other, "shareholder", 1),
        ):
            with (
                session_of(database, role, shareholder) as session,
                pytest.raises(DatabaseError, match="row-level security"),
            ):
                session.execute(text(statement.format(party=party, account=account)))
        with session_of(database, Role.SHAREHOLDER, mine) as mayor:
            mayor.execute(text(statement.format(party="shareholder", account=1)))


def test_a_suggestion_may_be_dismissed_and_not_rewritten(town):
    database, mine, _ = town
    with database.sessions("worker").begin() as worker:
        plan = worker.scalars(select(MeasurementPlan)).one()
        make_report(worker, plan, start=AFTER, end=END, now=NOON, today=TODAY)
    with (
        session_of(database, Role.SHAREHOLDER, mine) as mayor,
        pytest.raises(DatabaseError, match="permission denied"),
    ):
        mayor.execute(text("UPDATE baseline.event_suggestion SET effect_kwh = 0"))
    with session_of(database, Role.SHAREHOLDER, mine) as mayor:
        mayor.execute(
            text(
                "UPDATE baseline.event_suggestion SET dismissed_on = '2024-01-10', dismissed_by = 'X',"
                " dismissed_reason = 'Canicule'"
            )
        )
        assert mayor.scalar(select(SavingsReport.held_kwh)) == 0
