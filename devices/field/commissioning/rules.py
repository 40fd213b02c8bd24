"""The commissioning test: seven checks on what a device sent since it was installed. Pure.

Nothing a person says passes it: without a reading it stays open, and completes itself when the reading arrives.
Some sensors join again every 12 h only, so that silence is a failure after `PATIENCE` and not before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE: Final = dt.timedelta(hours=26)
"""Two joins, each 12 h after the last (Adeunis manuals), and what a person needs to notice."""
GOOD_MARGIN: Final = Decimal(10)
"""dB above what demodulation needs: weather, leaves and a closed cabinet take as much."""
LEAST_MARGIN: Final = Decimal(3)
WEAK_RSSI: Final = Decimal(-110)
LOST_RSSI: Final = Decimal(-118)
"""dBm, where the network says no margin."""
LOW_BATTERY: Final = Decimal(20)
LATE: Final = dt.timedelta(minutes=10)
"""Between a reading's instant and its arrival, beside the interval it is sent at."""
AHEAD: Final = dt.timedelta(minutes=2)
TOLERANCE: Final = Decimal("0.5")
"""Part of a unit of the dial by which a person's reading and the device's may differ beside what was used since."""
WORDS: Final = {
    "join": N_("A rejoint le réseau"),
    "decoded": N_("Premier message lu"),
    "period": N_("Deuxième message à l'heure"),
    "index": N_("Index du capteur = cadran"),
    "radio": N_("Marge radio"),
    "clock": N_("Horloge"),
    "plausible": N_("Valeur plausible pour ce compteur"),
}
"""Each check, in the order a technician asks for them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: "good", "reserve", "bad", "waiting" or "none" (does not apply), and why in a sentence to fill."""

    name: str
    result: str
    sentence: str
    values: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return it as the database keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known of a device since `began_at`. `readings`: (instant, value, received at), in order of time."""

    began_at: dt.datetime
    now: dt.datetime
    every: dt.timedelta
    readings: Sequence[tuple[dt.datetime, Decimal, dt.datetime]] = ()
    other_channels: Sequence[str] = ()
    """Channels it speaks of that serve nothing."""
    spoke: bool = False
    """Whether anything at all of it arrived."""
    dial: Decimal | None = None
    shows_dial: bool = True
    factor: Decimal = Decimal(1)
    most_kw: Decimal | None = None
    """What the meter can count at most."""
    margin: Decimal | None = None
    rssi: Decimal | None = None
    battery_percent: Decimal | None = None


def examine(heard: Heard) -> list[Check]:
    """Return every check, in the order of `WORDS`."""
    return [_join(heard), _decoded(heard), _period(heard), _index(heard), _radio(heard), _clock(heard), _power(heard)]


def verdict(checks: Sequence[Check]) -> str:
    """Return "failed", "pending", "reserve" or "passed": the worst of the checks."""
    results = {check.result for check in checks}
    for result, state in (("bad", "failed"), ("waiting", "pending"), ("reserve", "reserve")):
        if result in results:
            return state
    return "passed"


def _check(name: str, result: str, sentence: str, **values: object) -> Check:
    return Check(name, result, sentence, {key: str(value) for key, value in values.items()})


def _join(heard: Heard) -> Check:
    if heard.readings or heard.spoke:
        return _check("join", "good", N_("Le réseau l'a entendu depuis la pose."))
    if heard.now - heard.began_at > PATIENCE:
        return _check("join", "bad", N_("Rien n'est arrivé depuis plus d'un jour ; vérifiez clés, antenne et pile."))
    return _check(
        "join", "waiting", N_("Rien n'est encore arrivé ; certains capteurs ne réessaient que toutes les 12 h.")
    )


def _decoded(heard: Heard) -> Check:
    if heard.readings:
        return _check("decoded", "good", N_("Sa première mesure est lue."))
    if heard.other_channels:
        return _check(
            "decoded",
            "bad",
            N_("Il parle des voies {channels} et non de celle de la pose ; corrigez la voie."),
            channels=", ".join(heard.other_channels[:5]),
        )
    if heard.spoke:
        return _check(
            "decoded", "waiting", N_("Il est entendu, sans mesure encore ; vérifiez le codec de son modèle s'il dure.")
        )
    return _check("decoded", "waiting", N_("En attente de sa première mesure."))


def _period(heard: Heard) -> Check:
    if len(heard.readings) < 2:
        return _check(
            "period", "waiting", N_("En attente d'une deuxième mesure, d'ici {minutes} min."), minutes=_minutes(heard)
        )
    step = heard.readings[1][0] - heard.readings[0][0]
    if step * 2 > heard.every * 3:
        return _check(
            "period",
            "reserve",
            N_("Deuxième mesure après {found} min au lieu de {minutes}."),
            found=int(step.total_seconds() // 60),
            minutes=_minutes(heard),
        )
    return _check("period", "good", N_("La deuxième mesure est venue à l'heure."))


def _minutes(heard: Heard) -> int:
    return max(1, int(heard.every.total_seconds() // 60))


def _index(heard: Heard) -> Check:
    if not heard.shows_dial:
        return _check("index", "none", N_("Ce capteur compte des impulsions : il ne donne pas l'index du cadran."))
    if heard.dial is None:
        return _check("index", "reserve", N_("Le cadran n'a pas été lu : rien à quoi comparer."))
    if not heard.readings:
        return _check("index", "waiting", N_("En attente d'un index à comparer au cadran."))
    at, value, _received = heard.readings[0]
    used = _most_used(heard, at)
    if heard.dial - TOLERANCE <= value <= heard.dial + TOLERANCE + used:
        return _check("index", "good", N_("Le capteur donne {value}, le cadran {dial}."), value=value, dial=heard.dial)
    return _check(
        "index",
        "bad",
        N_("Le capteur donne {value} et le cadran {dial} ; vérifiez le poids d'impulsion, la voie et le compteur."),
        value=value,
        dial=heard.dial,
    )


def _most_used(heard: Heard, at: dt.datetime) -> Decimal:
    """Return what the meter can have counted since the dial was read, in the unit of its register."""
    hours = Decimal(max(0.0, (at - heard.began_at).total_seconds())) / 3600
    kilowatts = heard.most_kw if heard.most_kw is not None else Decimal(250)
    return kilowatts * hours / heard.factor


def _radio(heard: Heard) -> Check:
    if heard.margin is None and heard.rssi is None:
        result = "none" if heard.readings else "waiting"
        return _check("radio", result, N_("Le réseau n'en dit rien."))
    if heard.margin is not None:
        figure, good, least = heard.margin, heard.margin >= GOOD_MARGIN, heard.margin >= LEAST_MARGIN
        unit = "dB"
    else:
        figure = heard.rssi or Decimal(0)
        good, least, unit = figure >= WEAK_RSSI, figure >= LOST_RSSI, "dBm"
    if heard.battery_percent is not None and heard.battery_percent < LOW_BATTERY:
        return _check(
            "radio", "reserve", N_("Pile à {percent} % : changez-la maintenant."), percent=heard.battery_percent
        )
    if good:
        return _check("radio", "good", N_("Bonne : {figure} {unit}."), figure=figure, unit=unit)
    if least:
        return _check(
            "radio", "reserve", N_("Limite : {figure} {unit} ; déplacez l'antenne."), figure=figure, unit=unit
        )
    return _check(
        "radio", "bad", N_("Mauvaise : {figure} {unit} ; déplacez l'antenne ou le capteur."), figure=figure, unit=unit
    )


def _clock(heard: Heard) -> Check:
    if not heard.readings:
        return _check("clock", "waiting", N_("En attente d'une heure à comparer."))
    at, _value, received = heard.readings[-1]
    late = received - at
    # An hour or two: the sensor writes local time as if it were UTC (or the reverse).
    for hours in (-2, -1, 1, 2):
        if abs(late - dt.timedelta(hours=hours)) < AHEAD and heard.every < dt.timedelta(hours=1):
            return _check("clock", "bad", N_("Son heure est décalée de {hours} h ; réglez son fuseau."), hours=-hours)
    if late < -AHEAD:
        return _check("clock", "bad", N_("Il date ses mesures de l'avenir ; réglez son horloge."))
    if late > heard.every + LATE:
        return _check("clock", "reserve", N_("Ses mesures arrivent avec beaucoup de retard ; surveillez-le."))
    return _check("clock", "good", N_("Ses mesures portent la bonne heure."))


def _power(heard: Heard) -> Check:
    if len(heard.readings) < 2:
        return _check("plausible", "waiting", N_("En attente de deux mesures."))
    (first_at, first, _a), (last_at, last, _b) = heard.readings[0], heard.readings[-1]
    hours = Decimal((last_at - first_at).total_seconds()) / 3600
    if last < first:
        return _check("plausible", "bad", N_("Son index baisse ; vérifiez le sens et la voie."))
    kilowatts = (last - first) * heard.factor / hours if hours else Decimal(0)
    if heard.most_kw is not None and kilowatts > heard.most_kw:
        return _check(
            "plausible",
            "bad",
            N_("{found} kW en moyenne, quand ce compteur en laisse passer {most} ; vérifiez le poids d'impulsion."),
            found=f"{kilowatts:.1f}",
            most=heard.most_kw,
        )
    if last == first:
        return _check("plausible", "reserve", N_("L'index ne bouge pas encore ; vérifiez que quelque chose consomme."))
    return _check("plausible", "good", N_("{found} kW en moyenne depuis la pose."), found=f"{kilowatts:.1f}")
