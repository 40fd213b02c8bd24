"""Which installation a measurement belongs to, kept in memory and forgotten whenever the inventory changes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.dialects.naming import registered
from foundation.time import time_zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import Connection

    from devices.dialects.measurement import Measurement

NEWS = "devices_inventory"
"""Channel of NOTIFY on which every change of devices or installations is told (migration 0001)."""
MAX_REMEMBERED = 100_000
"""Serials, known or not: a flood of unknown ones must not fill the memory."""

_OPEN = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)

_CLOSED = "SELECT devices.readings_closed_until()"
_LOOK_UP = """
SELECT d.serial, i.channel, lower(i.period), upper(i.period), i.id, s.timezone
FROM devices.device d LEFT JOIN devices.installation i ON i.device_id = d.id
LEFT JOIN devices.metering_point p ON p.id = i.point_id
LEFT JOIN contracts.building b ON b.id = p.building_id
LEFT JOIN contracts.site s ON s.id = b.site_id
WHERE d.serial = ANY(%s)
ORDER BY lower(i.period)
"""


class _Served(NamedTuple):
    start: dt.datetime
    end: dt.datetime
    installation_id: int


class _Device:
    """What a registered device serves, and where it stands: the time zone of its latest site."""

    def __init__(self) -> None:
        self.channels: dict[str, list[_Served]] = {}
        self.timezone: str | None = None


class Inventory:
    """Answers from memory; `learn` asks the database about the serials it does not remember."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device | None] = {}
        self._closed_until = _OPEN[0]

    def forget(self) -> None:
        """Remember nothing: something has changed."""
        self._devices.clear()

    def learn(self, connection: Connection[Any], serials: Iterable[str]) -> None:
        """Make sure all of `serials`, as they were said, are remembered, the unknown ones as unknown."""
        missing = {serial for serial in serials if serial not in self._devices}
        if not missing:
            return
        if len(self._devices) + len(missing) > MAX_REMEMBERED:
            self.forget()
        closed = connection.execute(_CLOSED).fetchone()
        self._closed_until = (closed and closed[0]) or _OPEN[0]
        found: dict[str, _Device] = {}
        spelt = {serial: registered(serial) for serial in missing}
        for row in connection.execute(_LOOK_UP, [sorted(set(spelt.values()))]):
            serial, channel, start, end, installation_id, timezone = row
            device = found.setdefault(serial, _Device())
            if channel is not None:
                served = _Served(start or _OPEN[0], end or _OPEN[1], installation_id)
                device.channels.setdefault(channel, []).append(served)
                device.timezone = timezone
        self._devices.update({serial: found.get(spelt[serial]) for serial in missing})

    def serves(self, serial: str, channel: str) -> bool:
        """Say whether that channel ever served a point; what a device says of itself need not."""
        device = self._devices[serial]
        return device is None or channel in device.channels

    def zone_of(self, serial: str) -> dt.tzinfo | None:
        """Return the time zone of the site `serial` stands on; None where it stands nowhere."""
        device = self._devices[serial]
        return time_zone(device.timezone) if device is not None and device.timezone else None

    def installation_of(self, measurement: Measurement) -> int | None:
        """Return the installation `measurement` belongs to; None for a channel of a device that only serves others.

        `Unreadable` (replayable) where the device is unknown, stands nowhere, or did not at that time.
        """
        serial, channel, time, _ = measurement
        if time < self._closed_until:
            raise Unreadable(
                "month_detached",
                f"Le relevé du {time:%d/%m/%Y} du capteur {serial} est d'un mois déjà détaché ; rattachez les mois"
                f" jusqu'à {time:%m/%Y} (fleet db attach), puis rejouez les messages en attente.",
            )
        device = self._devices[serial]
        if device is None:
            raise Unreadable(
                "unknown_device",
                f"Le capteur {serial} n'est pas enregistré ; enregistrez-le, posez-le sur un point de mesure,"
                " puis rejouez les messages en attente.",
            )
        if not device.channels:
            raise Unreadable(
                "unknown_channel",
                f"Aucune voie du capteur {serial} ne sert de point de mesure (ici « {channel} ») ; posez-la,"
                " puis rejouez les messages en attente.",
            )
        served = device.channels.get(channel)
        if served is None:
            return None
        for start, end, installation_id in served:
            if start <= time < end:
                return installation_id
        raise Unreadable(
            "not_installed",
            f"Le capteur {serial} n'était pas posé le {time:%d/%m/%Y à %H:%M} UTC ; corrigez les dates de pose,"
            " puis rejouez les messages en attente.",
        )
