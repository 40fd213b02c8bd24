"""Which installation a measurement belongs to, kept in memory and forgotten whenever the inventory changes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Unreadable

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
SELECT d.serial, i.channel, lower(i.period), upper(i.period), i.id
FROM devices.device d LEFT JOIN devices.installation i ON i.device_id = d.id
WHERE d.serial = ANY(%s)
"""


class _Served(NamedTuple):
    start: dt.datetime
    end: dt.datetime
    installation_id: int


class Inventory:
    """Answers from memory; `learn` asks the database about the serials it does not remember."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[str, list[_Served]] | None] = {}
        self._closed_until = _OPEN[0]

    def forget(self) -> None:
        """Remember nothing: something has changed."""
        self._channels.clear()

    def learn(self, connection: Connection[Any], serials: Iterable[str]) -> None:
        """Make sure all of `serials` are remembered, the unknown ones as unknown."""
        missing = {serial for serial in serials if serial not in self._channels}
        if not missing:
            return
        if len(self._channels) + len(missing) > MAX_REMEMBERED:
            self.forget()
        closed = connection.execute(_CLOSED).fetchone()
        self._closed_until = (closed and closed[0]) or _OPEN[0]
        found: dict[str, dict[str, list[_Served]] | None] = dict.fromkeys(missing)
        for serial, channel, start, end, installation_id in connection.execute(_LOOK_UP, [list(missing)]):
            channels = found[serial] or {}
            found[serial] = channels
            if channel is not None:
                served = _Served(start or _OPEN[0], end or _OPEN[1], installation_id)
                channels.setdefault(channel, []).append(served)
        self._channels.update(found)

    def serves(self, serial: str, channel: str) -> bool:
        """Say whether that channel ever served a point; what a device says of itself need not."""
        channels = self._channels[serial]
        return channels is None or channel in channels

    def installation_of(self, measurement: Measurement) -> int:
        """Return the installation `measurement` belongs to; `Unreadable` where there is none (replayable)."""
        serial, channel, time, _ = measurement
        if time < self._closed_until:
            raise Unreadable(
                "month_detached",
                f"Le relevé du {time:%d/%m/%Y} du capteur {serial} est d'un mois déjà détaché ; rattachez les mois"
                f" jusqu'à {time:%m/%Y} (fleet db attach), puis rejouez les messages en attente.",
            )
        channels = self._channels[serial]
        if channels is None:
            raise Unreadable(
                "unknown_device",
                f"Le capteur {serial} n'est pas enregistré ; enregistrez-le, posez-le sur un point de mesure,"
                " puis rejouez les messages en attente.",
            )
        served = channels.get(channel)
        if served is None:
            raise Unreadable(
                "unknown_channel",
                f"La voie « {channel} » du capteur {serial} ne sert aucun point de mesure ; posez-la,"
                " puis rejouez les messages en attente.",
            )
        for start, end, installation_id in served:
            if start <= time < end:
                return installation_id
        raise Unreadable(
            "not_installed",
            f"Le capteur {serial} n'était pas posé le {time:%d/%m/%Y à %H:%M} UTC ; corrigez les dates de pose,"
            " puis rejouez les messages en attente.",
        )
