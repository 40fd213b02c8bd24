"""What an alert says, in the reader's language, from its facts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from devices.alerts.kinds import Kind
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from foundation.look.language import Language

PARIS = ZoneInfo("Europe/Paris")

CAUSES = {
    "implausible": N_("l'index a monté plus vite que le point ne peut consommer"),
    "backwards": N_("l'index a reculé"),
    "restart": N_("l'index est reparti d'une petite valeur, comme celui d'un autre compteur"),
    "reset": N_("l'index est reparti de zéro"),
}


def sentence(kind: str, facts: Mapping[str, Any], language: Language) -> str:
    """Return what is wrong, in one sentence."""
    return _SENTENCES[Kind(kind)](facts, language)


def _silence(facts: Mapping[str, Any], language: Language) -> str:
    never = N_("{serial} n'a rien envoyé depuis sa pose, le {since} (intervalle attendu : {every}).")
    lately = N_("{serial} se tait depuis le {since} (intervalle attendu : {every}).")
    return language.translate(lately if facts["last_at"] else never).format(
        serial=facts["serial"],
        since=_moment(facts["since"], language),
        every=language.duration(dt.timedelta(minutes=facts["every_minutes"])),
    )


def _battery(facts: Mapping[str, Any], language: Language) -> str:
    if facts["empty_on"]:
        pattern = language.translate(N_("La pile de {serial} est à {level} % et sera vide vers le {day}."))
        return pattern.format(serial=facts["serial"], level=facts["level"], day=_day(facts["empty_on"], language))
    pattern = language.translate(N_("La pile de {serial} est à {level} %."))
    return pattern.format(serial=facts["serial"], level=facts["level"])


def _radio(facts: Mapping[str, Any], language: Language) -> str:
    if facts["margin"] is not None:
        pattern = language.translate(N_("{serial} s'entend mal : {margin} dB de marge, il en faut 5."))
        return pattern.format(serial=facts["serial"], margin=language.number(facts["margin"]))
    pattern = language.translate(N_("{serial} s'entend mal : {rssi} dBm."))
    return pattern.format(serial=facts["serial"], rssi=language.number(facts["rssi"]))


def _unknown_serial(facts: Mapping[str, Any], language: Language) -> str:
    pattern = language.translate(N_("« {topic} » parle depuis le {since} et aucun capteur de ce nom n'est enregistré."))
    return pattern.format(topic=facts["topic"], since=_moment(facts["since"], language))


def _implausible(facts: Mapping[str, Any], language: Language) -> str:
    cause = language.translate(CAUSES.get(facts["cause"] or "", N_("les index ne se suivent pas")))
    pattern = language.translate(N_("Des heures ne sont pas comptées depuis le {day} : {cause}."))
    return pattern.format(day=_day(facts["first_day"], language), cause=cause)


def _gap(facts: Mapping[str, Any], language: Language) -> str:
    ngettext = language.translate_plural
    pattern = ngettext(
        "{days} jour reste incomplet depuis le {day}.",
        "{days} jours restent incomplets depuis le {day}.",
        facts["days"],
    )
    return pattern.format(days=facts["days"], day=_day(facts["first_day"], language))


def _conflict(facts: Mapping[str, Any], language: Language) -> str:
    ngettext = language.translate_plural
    pattern = ngettext(
        "{serial} a donné {n} valeur contraire à une autre du même instant ; la première est gardée.",
        "{serial} a donné {n} valeurs contraires à d'autres des mêmes instants ; les premières sont gardées.",
        facts["conflicts"],
    )
    return pattern.format(serial=facts["serial"], n=facts["conflicts"])


def _collection(facts: Mapping[str, Any], language: Language) -> str:
    pattern = N_("La collecte ne donne pas signe de vie depuis le {since} : plus aucun capteur n'est lu.")
    return language.translate(pattern).format(since=_moment(facts["since"], language))


def _source_files(facts: Mapping[str, Any], language: Language) -> str:
    if "lost" in facts:
        pattern = language.translate(
            N_("Il manque {count} fichier(s) {flow} de l'abonnement {subscription}, à partir de l'envoi {sequence} ;"
               " demandez-les de nouveau.")
        )  # fmt: skip
        return pattern.format(
            count=facts["lost"],
            flow=facts["flow"],
            subscription=facts["subscription"],
            sequence=facts["sequence"],
        )
    if "tried" in facts:
        pattern = language.translate(
            N_("Aucune clé n'ouvre le fichier « {name} » (essayées : {tried}) ; ajoutez la clé en vigueur.")
        )
        return pattern.format(name=facts["name"], tried=facts["tried"] or language.translate(N_("aucune")))
    pattern = language.translate(N_("Le fichier « {name} » n'a pas pu être pris : {why}"))
    return pattern.format(name=facts["name"], why=facts["why"])


def _off_plan(facts: Mapping[str, Any], language: Language) -> str:
    pattern = N_(
        "« {boundary} » quitte son plan de mesure : en {month}, {missing} de plus qu'attendu, quand un mois ordinaire"
        " s'écarte de {slack} au plus."
    )
    return language.translate(pattern).format(
        boundary=facts["boundary"],
        month=language.month(dt.date.fromisoformat(facts["month"])),
        missing=language.kwh(facts["missing_kwh"]),
        slack=language.kwh(facts["slack_kwh"]),
    )


def _clock(facts: Mapping[str, Any], language: Language) -> str:
    if "future_messages" in facts:
        pattern = language.translate(N_("{serial} date ses relevés dans le futur ; ils sont mis de côté."))
        return pattern.format(serial=facts["serial"])
    lag = facts["lag_minutes"]
    pattern = N_("L'horloge de {serial} retarde de {lag}.") if lag > 0 else N_("L'horloge de {serial} avance de {lag}.")
    length = language.duration(dt.timedelta(minutes=max(1, abs(lag))))
    return language.translate(pattern).format(serial=facts["serial"], lag=length)


def _moment(written: str, language: Language) -> str:
    return language.moment(dt.datetime.fromisoformat(written), PARIS)


def _day(written: str, language: Language) -> str:
    return language.date(dt.date.fromisoformat(written))


_SENTENCES: Mapping[Kind, Callable[[Mapping[str, Any], Language], str]] = {
    Kind.SILENCE: _silence,
    Kind.BATTERY: _battery,
    Kind.RADIO: _radio,
    Kind.CLOCK: _clock,
    Kind.UNKNOWN_SERIAL: _unknown_serial,
    Kind.IMPLAUSIBLE: _implausible,
    Kind.GAP: _gap,
    Kind.CONFLICT: _conflict,
    Kind.COLLECTION: _collection,
    Kind.SOURCE_FILES: _source_files,
    Kind.OFF_PLAN: _off_plan,
}
