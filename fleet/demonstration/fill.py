"""Fill an empty database with the whole story, step by step; killed anywhere and run again, it goes on.

Each step looks for its own traces before it does anything, commits what belongs together in one
transaction, and uses the verbs the pages use: nothing stands here that an operator could not have made.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from devices.energy.derive import points_to_derive
from devices.energy.tasks import DERIVE
from fleet.demonstration import agreements, bills, people, proof, readings
from fleet.demonstration.errand import send_technician
from fleet.demonstration.metering import generate, meters
from fleet.demonstration.municipalities import MUNICIPALITIES
from fleet.demonstration.outdoors import bring_temperatures
from fleet.demonstration.portfolio import BUILDINGS
from fleet.demonstration.signins import open_account, opens, sign_ins
from fleet.demonstration.story import begin_story
from fleet.demonstration.timeline import ZONE
from fleet.demonstration.weather import STATIONS
from fleet.demonstration.work import work_off
from foundation.jobs.queue import ask
from foundation.time import local_midnight

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from fleet.demonstration.doors import Doors
    from fleet.demonstration.metering import Generated, Meter
    from fleet.demonstration.municipalities import Municipality
    from fleet.demonstration.story import Story
    from foundation.jobs.queue import Moment

    Stage = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
    """Begins a step of so many parts and gives what is called after each."""


class Filling:
    """A story being written into a database at `moment`."""

    def __init__(
        self, doors: Doors, moment: Moment, stage: Stage, towns: tuple[Municipality, ...] = MUNICIPALITIES
    ) -> None:
        """Begin the story of `towns`, or find the one begun before."""
        self._doors, self._moment, self._stage, self._towns = doors, moment, stage, towns
        with doors.operator() as session:
            self._story: Story = begin_story(session, moment.today)
        keys = {town.key for town in towns}
        self._meters: list[Meter] = meters(building for building in BUILDINGS if building.municipality in keys)
        self._shared = [(town, meter) for town in towns for meter in self._meters_of(town) if proof.is_shared(meter)]
        self._days = agreements.days_of(self._story.timeline)

    def run(self) -> None:
        """Write every chapter in its order."""
        self._register()
        self._open_accounts()
        self._send_technician()
        self._bring_weather()
        self._bring_readings()
        self._derive()
        self._freeze_plans()
        self._sign_agreements()
        self._report()
        self._invoice()
        self._tell_the_year()

    @cached_property
    def _generated(self) -> Generated:
        """The fleet over the days brought by file; made only where something is missing."""
        with self._stage("Générer le temps et les bâtiments", 1) as told:
            story, buildings = self._story, {meter.building for meter in self._meters}
            made = generate(story.timeline, story.filled.end, story.seed, tuple(b for b in BUILDINGS if b in buildings))
            told()
        return made

    def _meters_of(self, town: Municipality) -> list[Meter]:
        return [meter for meter in self._meters if meter.building.municipality == town.key]

    def _register(self) -> None:
        start = self._story.timeline.history.start
        with self._stage("Communes, bâtiments, compteurs, capteurs", len(self._towns)) as told:
            with self._doors.operator() as session:
                people.found_company(session)
                missing = [town for town in self._towns if not people.is_founded(session, town)]
            for town in missing:
                with self._doors.operator() as session:
                    opening = self._generated.indexes
                    people.found_municipality(session, town, self._meters_of(town), opening, start)
                told()

    def _open_accounts(self) -> None:
        sirens = {None, *(town.siren for town in self._towns)}
        accounts = [account for account in sign_ins(self._doors.directory) if account.siren in sirens]
        with self._doors.operator() as session:
            # Accounts are opened in this order, so the last one that opens its door answers for all.
            missing = [] if opens(session, accounts[-1]) else accounts
        with self._stage("Comptes", len(missing)) as told:
            for account in missing:
                with self._doors.operator() as session:
                    open_account(session, account)
                told()

    def _send_technician(self) -> None:
        with self._stage("Visite de terrain", 1) as told, self._doors.operator() as session:
            send_technician(session, self._moment)
            told()

    def _bring_weather(self) -> None:
        start, end = (local_midnight(day, ZONE) for day in (self._story.filled.start, self._story.filled.end))
        codes = {town.station for town in self._towns}
        stations = [station for station in STATIONS if station.code in codes]
        with self._stage("Températures", len(stations)) as told:
            for station in stations:
                with self._doors.operator() as session:
                    bring_temperatures(session, station, start, end, seed=self._story.seed, now=self._moment.now)
                told()

    def _bring_readings(self) -> None:
        start = local_midnight(self._story.filled.start, ZONE)
        with self._doors.worker.begin() as session:
            missing = readings.without_readings(session, self._meters, start)
        with self._stage("Relevés des capteurs", len(missing)) as told:
            if not missing:
                return
            hours = self._generated.hours
            with self._doors.worker.begin() as session:
                readings.make_room(session, hours.start, hours.end)
            when = readings.stamps(hours.start, len(hours.day))
            for meter, installation in missing:
                with self._doors.worker.begin() as session:
                    indexes = self._generated.indexes[meter]
                    readings.bring_readings(session, installation, when, indexes, self._moment.now)
                told()

    def _derive(self) -> None:
        """Derive the energy the plans stand on; once they are frozen, new readings are the worker's."""
        with self._doors.operator() as session:
            if all(proof.plan_of(session, meter) is not None for _, meter in self._shared):
                return
            waiting = len(points_to_derive(session))

        def ask_for_energy(session: Session) -> None:
            # One point an item, where the worker takes several: progress is seen, and a kill costs one of them.
            items = {str(point): {"points": [point]} for point in points_to_derive(session)}
            if items:
                ask(session, DERIVE, "Énergie des nouveaux relevés", items)

        with self._stage("Énergie heure par heure", waiting) as told:
            work_off(self._doors, DERIVE, ask_for_energy, moment=self._moment, told=told)

    def _freeze_plans(self) -> None:
        with self._stage("Références figées", len(self._shared)) as told:
            for town, meter in self._shared:
                with self._doors.operator() as session:
                    proof.freeze_plan(session, meter, town.station, self._story.timeline, days=self._days)
                told()

    def _sign_agreements(self) -> None:
        with self._stage("Accords signés", len(self._towns)) as told:
            for town in self._towns:
                with self._doors.operator() as session:
                    proof.sign_agreement(session, town, self._meters_of(town), self._days, today=self._moment.today)
                told()

    def _report(self) -> None:
        year = self._story.timeline.reporting
        with self._doors.operator() as session:
            waiting = len(bills.plans_without_report(session, year))
        with self._stage(f"Rapports d'économies {year.start.year}", waiting) as told:
            work_off(
                self._doors,
                bills.REPORTS,
                lambda session: bills.ask_for_reports(session, year),
                moment=self._moment,
                told=told,
            )

    def _invoice(self) -> None:
        year, today = self._story.timeline.reporting, self._moment.today
        ready: list[int] = []
        with self._stage("Décomptes acceptés", len(self._towns)) as told:
            for town in self._towns:
                with self._doors.operator() as session:
                    settlement = bills.settle(
                        session,
                        agreements.number_of(town, self._days),
                        year,
                        accepted_by=f"Mairie de {town.name}",
                        today=today,
                    )
                    invoice = bills.prepare_invoice(session, settlement, base_url=self._doors.url, today=today)
                    if invoice is not None:
                        ready.append(invoice.id)
                told()
        with self._stage("Factures émises", len(ready)) as told:
            for invoice_id in ready:
                with self._doors.operator() as session:
                    bills.number_invoice(session, invoice_id, today)
                told()
        with self._doors.operator() as session:
            waiting = len(bills.invoices_without_pdf(session))
        with self._stage("Factures en PDF", waiting) as told:
            work_off(
                self._doors,
                bills.RENDERING,
                bills.ask_for_pdfs,
                moment=self._moment,
                told=told,
            )
        with self._stage("Dépôts dans Chorus Pro", 1) as told:
            with self._doors.operator() as session:
                bills.deposit_by_hand(session, self._moment)
            told()

    def _tell_the_year(self) -> None:
        with self._doors.operator() as session:
            missing = bills.without_annual_report(session, self._towns[0].siren)
        with self._stage("Rapport annuel d'une commune", len(missing)) as told:
            for shareholder_id in missing:
                work_off(
                    self._doors,
                    bills.ANNUAL,
                    partial(
                        bills.ask_for_annual_report,
                        shareholder_id=shareholder_id,
                        year=self._story.timeline.reporting,
                    ),
                    moment=self._moment,
                    told=told,
                )
