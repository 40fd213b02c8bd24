"""A drill from the first reading to the account: load, strikes, silence, then what became of every reading."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psycopg

from devices.simulator.reconcile import Account, Gap, missing_from, reconcile
from devices.simulator.register import register_fleet
from devices.simulator.run import say_again
from devices.simulator.sensors import Fleet
from fleet.drill.patience import Patience
from fleet.drill.processes import Ingest, Sensors, forget_session
from fleet.drill.strikes import SENSORS, SPEECHES, STRIKES, USUAL, VALUES, Scene
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet.drill.ground import Ground

RATE = 2_500
"""Messages a second, of four values: enough that ingest is always behind after a strike."""
FAULTY_PART = 0.005
"""Of each fault: one message of two hundred."""
QUIET = 3.0
"""Seconds without a new row after which the account is made; it is made again until nothing more comes."""
PATIENCE = 20.0
"""Seconds without a new row, and without ingest doing anything, after which what has not come is missing."""

_ANNOUNCED = """
SELECT coalesce(sum(a.n), 0)::int FROM devices.arrival a
JOIN devices.installation i ON i.id = a.installation_id JOIN devices.device d ON d.id = i.device_id
WHERE d.serial LIKE %s
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a drill found."""

    drill: str
    times: int
    ingest_starts: int
    seconds: float
    catch_up_seconds: float
    """From the last word of the sensors to the last row."""
    announced_twice: int
    """Readings announced to whoever derives energy more often than they were stored."""
    lost_by_broker: int
    """Messages the broker had acknowledged and forgot when it was killed; said again by the sensors since."""
    gaps_then: tuple[Gap, ...]
    """Where they were missing."""
    account: Account

    @property
    def sound(self) -> bool:
        """Whether nothing is lost and nothing counts twice."""
        return self.account.sound and not self.announced_twice

    def as_json(self) -> dict[str, object]:
        """Return the report as one flat object."""
        own = {name: value for name, value in asdict(self).items() if name != "account"}
        counted = asdict(self.account) | {"duplicates": self.account.duplicates + self.announced_twice}
        return own | counted | {"sound": self.sound}


def drill(
    ground: Ground, name: str, times: int, *, seed: int, rate: float = RATE, tell: Callable[[str], None]
) -> Report:
    """Strike `times` times while simulated sensors speak; return what became of all they said."""
    strike = STRIKES[name]
    run = f"{name}-{uuid.uuid4().hex[:8]}"
    ledger = ground.folder / f"{run}.ledger"
    speech = SPEECHES.get(name, USUAL)
    words = ["--name", run, "--sensors", str(SENSORS), "--values", str(VALUES), "--step", str(speech.step)]
    words += ["--messages", str(speech.messages)] if speech.messages else []
    words += [word for fault in speech.faults for word in ("--fault", f"{fault}={FAULTY_PART}")]
    ingest = Ingest(ground, f"drill-{run}")
    started = time.monotonic()
    sensors = None
    try:
        register(ground, Fleet(name=run, sensors=SENSORS))
        ingest.start()
        sensors = Sensors(ground, ledger, "--rate", str(rate), *words)
        sensors.wait_until_heard()
        scene = Scene(ground, ingest, random.Random(seed), sensors)  # noqa: S311 - a drill that can be repeated
        for number in range(1, times + 1):
            strike(scene)
            tell(f"{name} {number}/{times}")
        sensors.stop()
        sensors.end()
        silent = time.monotonic()
        account, last_row = _settled(ground, run, ledger, ingest)
        lost, gaps = 0, account.gaps
        if name == "kill-broker" and account.missing:
            # Its acknowledgement is not yet durable (fact 2 of reliability): the gap report says what to ask for again.
            with psycopg.connect(ground["FLEET_DATABASE_WORKER_URL"], autocommit=True) as connection:
                missing = missing_from(connection, ledger)
            lost = say_again(ground["FLEET_SIMULATOR_MQTT_URL"], ledger, missing)
            account, last_row = _settled(ground, run, ledger, ingest)
        ingest.stop()
        return Report(
            drill=name,
            times=times,
            ingest_starts=ingest.starts,
            seconds=round(time.monotonic() - started, 1),
            catch_up_seconds=round(max(0.0, last_row - silent), 1),
            announced_twice=announced(ground, run) - account.values_stored,
            lost_by_broker=lost,
            gaps_then=gaps,
            account=account,
        )
    finally:
        ingest.kill()
        if sensors is not None:
            sensors.kill()
        forget_session(ground["MQTT_URL"], ingest.client_id)


def register(ground: Ground, fleet: Fleet) -> None:
    """Let the inventory know the sensors of `fleet`."""
    engine = engine_for(ground["FLEET_DATABASE_OWNER_URL"])
    with session_factory(engine).begin() as session:
        register_fleet(session, fleet)
    engine.dispose()


def announced(ground: Ground, run: str) -> int:
    """Return how many readings of `run` were announced to whoever derives energy; no worker takes them here."""
    with psycopg.connect(ground["FLEET_DATABASE_WORKER_URL"]) as connection:
        row = connection.execute(_ANNOUNCED, [f"SIM-{run}-%"]).fetchone()
    return row[0] if row else 0


def _settled(ground: Ground, run: str, ledger: Path, ingest: Ingest) -> tuple[Account, float]:
    """Wait until everything is here or nothing more comes; return the account and when the last row came."""
    rows, last_row = announced(ground, run), time.monotonic()
    patience = Patience(ingest.pid, idle=PATIENCE)
    while True:
        time.sleep(0.2)
        now, waited = announced(ground, run), time.monotonic() - last_row
        if now != rows:
            rows, last_row = now, time.monotonic()
            patience.again()
        elif waited > QUIET:
            # What the broker still holds after all this time is held against ingest: it is not asked.
            with psycopg.connect(ground["FLEET_DATABASE_WORKER_URL"], autocommit=True) as connection:
                account = reconcile(connection, ledger)
            if not account.missing or patience.is_over:
                return account, last_row
