"""The calls of each service: what is asked, and what its answers mean."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from baseline.weather.services.http import Denied, NoAnswer, get

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Services:
    """Where the services are; one without an address is off."""

    dpclim_url: str | None = None
    """Of Météo-France's DPClim, …/public/DPClim/v1."""
    dpclim_key: str | None = field(default=None, repr=False)
    files_url: str | None = None
    """Of the open-data files, …/synchro_ftp/BASE."""
    open_meteo_url: str | None = None
    """Of the archive, …/v1/archive; free for non-commercial use only."""

    def on(self, service: str) -> bool:
        """Whether `service` may be asked at all."""
        return {
            "dpclim": bool(self.dpclim_url and self.dpclim_key),
            "files": bool(self.files_url),
            "open_meteo": bool(self.open_meteo_url),
        }[service]


class Pace(NamedTuple):
    """What a service allows."""

    seconds: float
    """Between two calls."""
    a_day: int


PACES: Final = {
    # Météo-France's portal: 50 calls a minute an application. Open-Meteo's free tier: 600 a minute, 10,000 a day.
    "dpclim": Pace(60 / 50 + 0.05, 20_000),
    "files": Pace(5.0, 500),
    "open_meteo": Pace(1.0, 9_000),
}


class Wanted(NamedTuple):
    """Days [start, end) wanted of a station."""

    code: str
    latitude: Decimal | None
    longitude: Decimal | None
    start: dt.date
    end: dt.date


class Received(NamedTuple):
    """A file a service gave, and what to call it."""

    name: str
    content: bytes


def order(services: Services, wanted: Wanted, now: dt.datetime) -> str:
    """Order hours of DPClim and return the number of the order (202)."""
    query = {
        "id-station": wanted.code,
        "date-deb-periode": f"{wanted.start}T00:00:00Z",
        "date-fin-periode": f"{wanted.end - dt.timedelta(days=1)}T23:00:00Z",
    }
    answer = get(
        f"{services.dpclim_url}/commande-station/horaire?{urlencode(query)}",
        headers={"apikey": services.dpclim_key or ""},
        now=now,
        expected=(202,),
    )
    try:
        number = json.loads(answer.body)["elaboreProduitAvecDemandeResponse"]["return"]
    except (ValueError, KeyError, TypeError):
        raise NoAnswer("la réponse n'est pas celle qui est documentée") from None
    if not isinstance(number, str | int) or not str(number).isalnum() or len(str(number)) > 64:
        raise NoAnswer("la réponse n'est pas celle qui est documentée")
    return str(number)


def poll(services: Services, wanted: Wanted, number: str, now: dt.datetime) -> Received | None:
    """Fetch an order of DPClim: its file (201), or None where it is not ready yet (204, 404)."""
    answer = get(
        f"{services.dpclim_url}/commande/fichier?{urlencode({'id-cmde': number})}",
        headers={"apikey": services.dpclim_key or ""},
        now=now,
        expected=(200, 201, 204, 404),
    )
    if answer.status in {204, 404}:
        return None
    return Received(f"dpclim-{wanted.code}-{wanted.start}-{wanted.end}.csv", answer.body)


def archive(services: Services, wanted: Wanted, now: dt.datetime) -> Received:
    """Ask Open-Meteo's archive for hours, in UTC."""
    query = {
        "latitude": wanted.latitude,
        "longitude": wanted.longitude,
        "start_date": wanted.start,
        "end_date": wanted.end - dt.timedelta(days=1),
        "hourly": "temperature_2m",
        "timezone": "UTC",
    }
    answer = get(f"{services.open_meteo_url}?{urlencode(query)}", headers={}, now=now)
    return Received(f"open-meteo-{wanted.code}-{wanted.start}-{wanted.end}.json", answer.body)


def open_data(services: Services, wanted: Wanted, now: dt.datetime) -> Received:
    """Download the department's hourly file that holds the first wanted day; the caller takes the station's lines.

    Files: the last two years, four before them, and older ones by decade; a request lies within one of them.
    """
    name = open_data_name(wanted.code, wanted.start, now.date())
    return Received(name, get(f"{services.files_url}/HOR/{name}", headers={}, now=now).body)


def open_data_name(code: str, day: dt.date, today: dt.date) -> str:
    """Return the name of the file of the station's department that `day` is in: H_56_latest-2025-2026.csv.gz."""
    department = code[:3] if code.startswith(("97", "98")) else code[:2]
    return f"H_{department}_{_span(day.year, today.year)}.csv.gz"


def _span(year: int, this_year: int) -> str:
    latest = this_year - 1
    if year >= latest:
        return f"latest-{latest}-{this_year}"
    decade = latest // 10 * 10 if latest % 10 else latest - 10
    if year >= decade:
        return f"previous-{decade}-{latest - 1}"
    start = year // 10 * 10
    return f"{start}-{start + 9}"


def same_file(day: dt.date, other: dt.date, today: dt.date) -> bool:
    """Whether one open-data file holds both days."""
    return _span(day.year, today.year) == _span(other.year, today.year)


def ask(services: Services, service: str, wanted: Wanted, now: dt.datetime) -> Received:
    """Ask a service that answers at once."""
    if service == "open_meteo":
        return archive(services, wanted, now)
    if service == "files":
        return open_data(services, wanted, now)
    raise Denied(f"{service} se commande")
