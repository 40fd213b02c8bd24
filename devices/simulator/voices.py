"""How simulated sensors say an index: one voice a dialect, written from the makers' documents without our decoders.

Each voice returns what it publishes and what it means by it, in kWh: the ledger keeps both, so that the account of what
was stored (`devices.simulator.reconcile`) is a second opinion on the decoders too.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from devices.dialects.spl import topic_of
from devices.ingest.publish import payload_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

ZONE: Final = ZoneInfo("Europe/Paris")
"""Of the site simulated sensors stand on; Tasmota's clocks are set to it."""


class Meant(NamedTuple):
    """One value a message means: of which channel, when (None: when it is heard), in kWh."""

    channel: str
    time: dt.datetime | None
    value: Decimal


class Voice(NamedTuple):
    """A dialect as a sensor speaks it: `say` takes serial, instants and values in Wh; returns topic and payload.

    `many` says whether a message may hold several instants, `dated` whether it says them at all, `falls_back` whether
    an instant of 1970 is one (SenML reads it as relative to now).
    """

    channel: str
    serial: Callable[[str], str]
    say: Callable[[str, Sequence[dt.datetime], Sequence[int]], tuple[str, bytes]]
    many: bool = False
    dated: bool = True
    falls_back: bool = True

    def means(self, times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[Meant, ...]:
        """Return what a message of these instants and values means."""
        return tuple(
            Meant(self.channel, time if self.dated else None, kwh(wh))
            for time, wh in zip(times, watt_hours, strict=True)
        )


def kwh(watt_hours: int) -> Decimal:
    """Return Wh in kWh."""
    return Decimal(watt_hours).scaleb(-3)


def _written(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _number(name: str, base: int, size: int) -> str:
    """Return `size` digits to the `base` 10 or 16 that belong to `name` and, very likely, to no other."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return digest[:size] if base == 16 else str(int(digest, 16))[-size:]


def _spl(serial: str, times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    readings = [(time, kwh(wh)) for time, wh in zip(times, watt_hours, strict=True)]
    return topic_of(serial), payload_of("index", readings)


def _chirpstack(serial: str, times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    heard = times[0].isoformat()
    said = {
        "deduplicationId": _number(f"{serial} {heard} {watt_hours[0]}", 16, 32),
        "time": heard,
        "deviceInfo": {"deviceProfileName": "simulé", "devEui": serial},
        "fCnt": int(times[0].timestamp()) % 65_536,
        "fPort": 2,
        "object": {"index": watt_hours[0] / 1000},
        "rxInfo": [{"gatewayId": "0016c001f10a2b3c", "rssi": -97, "snr": 6.5}],
    }
    return f"application/simulation/device/{serial}/event/up", _written(said)


def _shelly(serial: str, times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    counted = {"id": 0, "total_act": watt_hours[0], "total_act_ret": 0}
    said = {
        "src": serial,
        "dst": f"{serial}/events",
        "method": "NotifyStatus",
        "params": {"ts": times[0].timestamp(), "emdata:0": counted},
    }
    return f"{serial}/events/rpc", _written(said)


def _zigbee2mqtt(serial: str, _times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    return f"zigbee2mqtt/{serial}", _written({"energy": watt_hours[0] / 1000, "power": 55, "linkquality": 120})


def _teleinfo2mqtt(serial: str, _times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    said = {
        "ADCO": {"raw": serial, "value": int(serial)},
        "BASE": {"raw": f"{watt_hours[0]:09d}", "value": watt_hours[0]},
        "PAPP": {"raw": "00550", "value": 550},
    }
    return f"teleinfo/{serial}", _written(said)


def _tasmota(serial: str, times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    local = times[0].astimezone(ZONE).replace(tzinfo=None)
    said = {"Time": local.isoformat(), "ENERGY": {"Total": watt_hours[0] / 1000, "Power": 55}}
    return f"tele/{serial}/SENSOR", _written(said)


def _senml(serial: str, times: Sequence[dt.datetime], watt_hours: Sequence[int]) -> tuple[str, bytes]:
    first = int(times[0].timestamp())
    base = {"bn": f"{serial}:", "bt": first, "bu": "kWh"}
    records = [
        {"n": "index", "t": int(time.timestamp()) - first, "v": wh / 1000}
        for time, wh in zip(times, watt_hours, strict=True)
    ]
    return f"senml/{serial}", _written([base | records[0], *records[1:]])


VOICES: Final = {
    "spl": Voice("index", str, _spl, many=True),
    "chirpstack": Voice("index", lambda name: _number(name, 16, 16), _chirpstack),
    "shelly": Voice("emdata-0.total_act", lambda name: f"shellypro3em-{_number(name, 16, 12)}", _shelly),
    "zigbee2mqtt": Voice("energy", str, _zigbee2mqtt, dated=False),
    "teleinfo2mqtt": Voice("BASE", lambda name: _number(name, 10, 12), _teleinfo2mqtt, dated=False),
    "tasmota": Voice("ENERGY.Total", str, _tasmota),
    "senml": Voice("index", str, _senml, many=True, falls_back=False),
}
