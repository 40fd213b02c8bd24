"""A weather service on this machine: answers in the documented shapes, and fails in every way real ones do."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "cle-de-test"


class WeatherServer:
    """What it was asked, and what it answers next: statuses with headers, taken one by one, then the truth.

    `refusal` is the body of what goes wrong.
    """

    def __init__(self) -> None:
        """Begin with nothing asked and nothing wrong."""
        self.asked: list[str] = []
        self.times: list[float] = []
        self.wrong: list[tuple[int, dict[str, str]]] = []
        self.refusal = b""
        self.cut = False
        self.url = ""
        self.orders: dict[str, dict[str, str]] = {}

    def answer(self, address: str, key: str | None) -> tuple[int, bytes, dict[str, str]]:
        """Return status, body and headers."""
        self.asked.append(address)
        self.times.append(time.monotonic())
        if self.wrong:
            status, headers = self.wrong.pop(0)
            return status, self.refusal, headers
        path = urlsplit(address).path
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        if path.startswith("/dpclim"):
            return self._dpclim(path, query) if key == KEY else (401, b"", {})
        if path.startswith("/files/HOR/H_56_"):
            return 200, gzip.compress(department(path)), {}
        return (200, archive(query), {}) if path == "/archive" else (404, b"", {})

    def _dpclim(self, path: str, query: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        if path != "/dpclim/commande-station/horaire":
            return 201, dpclim(self.orders[query["id-cmde"]]), {}
        number = str(2026000000 + len(self.orders))
        self.orders[number] = query
        return 202, json.dumps({"elaboreProduitAvecDemandeResponse": {"return": number}}).encode(), {}


def hours(first: str, last: str) -> list[str]:
    """Return each hour from day `first` to day `last`, both whole, as AAAAMMJJHH."""
    start, end = dt.date.fromisoformat(first[:10]), dt.date.fromisoformat(last[:10])
    return [
        f"{start + dt.timedelta(days=n):%Y%m%d}{hour:02}" for n in range((end - start).days + 1) for hour in range(24)
    ]


def dpclim(query: dict[str, str]) -> bytes:
    """Return an ordered file: decimal commas."""
    rows = hours(query["date-deb-periode"], query["date-fin-periode"])
    lines = [f"{query['id-station']};{row};{int(row[-2:])},5;1" for row in rows]
    return "\n".join(["POSTE;DATE;T;QT", *lines, ""]).encode()


def department(_path: str) -> bytes:
    """Return a department's file with two stations, of January 2026."""
    rows = hours("2026-01-01", "2026-01-03")
    lines = [f"{code};X;47.7;-3.4;45;{row};8.0;1" for code in ("56185001", "56243001") for row in rows]
    return "\n".join(["NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;T;QT", *lines, ""]).encode()


def archive(query: dict[str, str]) -> bytes:
    """Return the archive's JSON, the last hour not known yet."""
    times = [f"{row[:4]}-{row[4:6]}-{row[6:8]}T{row[8:]}:00" for row in hours(query["start_date"], query["end_date"])]
    told = {
        "latitude": 47.75,
        "longitude": -3.4,
        "elevation": 45.0,
        "utc_offset_seconds": 0,
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C"},
        "hourly": {"time": times, "temperature_2m": [7.5] * (len(times) - 1) + [None]},
    }
    return json.dumps(told).encode()


@contextmanager
def weather_server() -> Iterator[WeatherServer]:
    """Serve on a free port of loopback."""
    told = WeatherServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = told.answer(self.path, self.headers.get("apikey"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if told.cut else body)

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
