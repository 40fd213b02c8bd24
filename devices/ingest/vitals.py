"""What devices say of themselves (battery, radio): kept as one value a day, whether or not a point is served by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.dialects.naming import registered
from devices.dialects.quantities import Quantity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from psycopg import Connection

    from devices.dialects.measurement import Measurement

CHANNELS: Final = {
    "battery": Quantity.BATTERY,
    "lorawan.battery": Quantity.BATTERY,
    "rssi": Quantity.RSSI,
    "rssi_dbm": Quantity.RSSI,
    "lorawan.rssi": Quantity.RSSI,
    "snr": Quantity.SNR,
    "lorawan.snr": Quantity.SNR,
    "lorawan.margin": Quantity.RADIO_MARGIN,
    "lorawan.uplink_margin": Quantity.RADIO_MARGIN,
}
"""The channels all our dialects write them under: % (or V), dBm, dB."""

# Greatest and least only, never a count: the same message again changes nothing. In order, so that two ingest processes
# never wait for each other in a circle.
_STORE = """
INSERT INTO devices.vital AS known (device_id, quantity, day, at, value, lowest)
SELECT d.id, a.quantity, (a.at AT TIME ZONE 'UTC')::date, max(a.at), (array_agg(a.value ORDER BY a.at DESC))[1],
    min(a.value)
FROM unnest(%b::text[], %b::text[], %b::timestamptz[], %b::numeric[]) AS a (serial, quantity, at, value)
JOIN devices.device d ON d.serial = a.serial
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (device_id, quantity, day) DO UPDATE SET
    at = greatest(known.at, excluded.at),
    value = CASE WHEN excluded.at > known.at THEN excluded.value ELSE known.value END,
    lowest = least(known.lowest, excluded.lowest)
WHERE excluded.at > known.at OR excluded.lowest < known.lowest
"""


class Vital(NamedTuple):
    """One value a device says of itself."""

    serial: str
    quantity: str
    at: dt.datetime
    value: Decimal


def vitals_in(said: Iterable[Measurement]) -> list[Vital]:
    """Return those of `said` that are about the device itself."""
    return [
        Vital(registered(one.serial), CHANNELS[one.channel].value, one.time, one.value)
        for one in said
        if one.channel in CHANNELS
    ]


def store_vitals(connection: Connection[Any], vitals: Sequence[Vital]) -> None:
    """Keep the latest and the lowest value of each day, in the open transaction; unknown devices have none."""
    if vitals:
        connection.execute(_STORE, [list(column) for column in zip(*vitals, strict=True)])
