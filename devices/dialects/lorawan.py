"""What a codec made of the bytes of a LoRaWAN uplink, whatever the network server.

Channels are the paths of the numbers in the decoded object. A unit written at the end of a name is believed
(`energy_kWh`); temperature, humidity and CO₂ are in °C, % and ppm by the habit of published codecs; any other number
is a register whose unit the installation says. The network server stamps when it heard the frame; an instant inside
the object is the device's own and wins, so that a frame that replays stored values gives their times and not its own.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from devices.dialects.instants import looks_like_instant, stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Observation, Quality, Said, Stamp, Unreadable
from devices.dialects.naming import numbers_in, object_of
from devices.dialects.quantities import Quantity, quantity_of, unit_in
from devices.dialects.uplink import CodecMissing, Decoded, Undecoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PORTS: Final = range(256)
"""An FPort is one byte (LoRaWAN L2 1.0.4 § 4.3.2)."""
UNHEARD: Final = Decimal(-999)
REQUIRED_SNR: Final = {
    7: Decimal("-7.5"),
    8: Decimal(-10),
    9: Decimal("-12.5"),
    10: Decimal(-15),
    11: Decimal("-17.5"),
    12: Decimal(-20),
}
"""dB a frame of each spreading factor needs to be demodulated (Semtech SX1276 data sheet, table 13)."""
TIMES: Final = frozenset(
    ("time", "timestamp", "ts", "datetime", "date_time", "dateTime", "measured_at", "measuredAt", "measuredat")
)
HISTORIES: Final = frozenset(("history", "histories", "datalog", "datalogs", "log", "logs", "records", "archive"))
UNDECODED: Final = frozenset(("bytes",))
"""Where codecs repeat the bytes they were given."""
BY_NAME: Final = {
    "temperature": Meaning(Quantity.TEMPERATURE, "°C"),
    "humidity": Meaning(Quantity.HUMIDITY, "%"),
    "relativehumidity": Meaning(Quantity.HUMIDITY, "%"),
    "co2": Meaning(Quantity.CO2, "ppm"),
    "battery": Meaning(Quantity.BATTERY),
    "power": Meaning(Quantity.POWER),
    "voltage": Meaning(Quantity.VOLTAGE),
    "current": Meaning(Quantity.CURRENT),
    "pulse": Meaning(Quantity.PULSE_INDEX, "pulse"),
    "pulses": Meaning(Quantity.PULSE_INDEX, "pulse"),
}
NORMALIZED: Final = {
    "metering.water.total": Meaning(Quantity.VOLUME_INDEX, "L"),
    "air.temperature": Meaning(Quantity.TEMPERATURE, "°C"),
    "air.relativeHumidity": Meaning(Quantity.HUMIDITY, "%"),
    "air.co2": Meaning(Quantity.CO2, "ppm"),
    "air.pressure": Meaning(Quantity.PRESSURE, "hPa"),
    "air.lightIntensity": Meaning(Quantity.ILLUMINANCE, "lx"),
    "battery": Meaning(Quantity.BATTERY, "V"),
}
"""Units of The Things Stack's normalized payload."""


def observations_of(
    maker: Maker, decoded: Any, said: Said, meanings: Mapping[str, Meaning] | None = None
) -> list[Observation]:
    """Return every number of a decoded object, each at its own instant; refuse an object without any."""
    found = list(_observe(maker, object_of(decoded, "Ce que rend le codec"), (), said, meanings or {}))
    if not found:
        raise Unreadable(
            "no_number",
            f"Le codec du capteur {maker.serial} n'a tiré aucun nombre de ses octets ; vérifiez que c'est celui de ce"
            " modèle et qu'il sait lire ce port.",
        )
    return found


def codec_missing(maker: Maker, model: str, f_port: Any, data: Any) -> Unreadable:
    """Return the refusal of bytes nobody decoded: it names the codec that is missing (`model`: "du profil « … »")."""
    port = "sans port" if f_port is None else f"port {f_port}"
    try:
        uplink = base64.b64decode(data, validate=True)
    except (ValueError, TypeError):
        return Unreadable(
            "bad_bytes",
            f"Les octets du capteur {maker.serial} ne sont pas écrits en base64 (« {str(data)[:40]} ») ; corrigez ce"
            " qui publie à la place du serveur réseau.",
        )
    number = int(f_port) if isinstance(f_port, Decimal) and f_port in PORTS else None
    return CodecMissing(
        Undecoded(maker.serial, uplink, number, maker.time),
        f"Le capteur {maker.serial} a envoyé des octets que personne n'a décodés ({port}, base64 {str(data)[:40]}) : il"
        f" manque le codec {model} ; attachez-le au modèle du capteur ou installez-le sur le serveur réseau, puis"
        " rejouez les messages en attente.",
    )


def observations_decoded(maker: Maker, said: Said) -> list[Observation]:
    """Return every number of what a codec of ours made of the bytes of `said`."""
    decoded: Decoded = said.decoded
    return observations_of(maker, decoded.value, said, decoded.meanings)


def radio_of(maker: Maker, receptions: Any, spreading_factor: Any) -> list[Observation]:
    """Return strength and quality of the best reception among those of the gateways that heard the frame.

    Where the spreading factor is told, also the margin: by how many dB the frame was better than it had to be.
    """
    heard = [one for one in receptions if isinstance(one, dict)] if isinstance(receptions, list) else []
    best = max(heard, key=_strength, default={})
    return [
        *maker.of(("lorawan", "rssi"), best.get("rssi"), Meaning(Quantity.RSSI, "dBm")),
        *maker.of(("lorawan", "snr"), best.get("snr"), Meaning(Quantity.SNR, "dB")),
        *maker.of(
            ("lorawan", "uplink_margin"),
            _margin(best.get("snr"), spreading_factor),
            Meaning(Quantity.RADIO_MARGIN, "dB"),
        ),
    ]


def _margin(snr: Any, spreading_factor: Any) -> Decimal | None:
    required = REQUIRED_SNR.get(int(spreading_factor)) if isinstance(spreading_factor, int | Decimal) else None
    return snr - required if required is not None and isinstance(snr, Decimal) else None


def _strength(reception: dict[str, Any]) -> Decimal:
    rssi = reception.get("rssi")
    return rssi if isinstance(rssi, Decimal) else UNHEARD


def _observe(
    maker: Maker, value: Any, path: tuple[str, ...], said: Said, meanings: Mapping[str, Meaning]
) -> Iterator[Observation]:
    """Walk through the object; an instant found in a part of it holds for that part."""
    if isinstance(value, dict):
        own = next((value[key] for key in value if key in TIMES and looks_like_instant(value[key])), None)
        if own is not None:
            time, stamp = stamped(own, said)
            # A local time nobody can place: the network's is better than the reception.
            if stamp is Stamp.DEVICE:
                maker = maker._replace(time=time, stamp=stamp)
        for key, inner in value.items():
            if key in UNDECODED or (key in TIMES and looks_like_instant(inner)):
                continue
            if isinstance(inner, list):
                yield from _list(maker, inner, (*path, key), said, meanings)
            else:
                yield from _observe(maker, inner, (*path, key), said, meanings)
        return
    for inside, number in numbers_in(value, path):
        yield from maker.of(inside, number, _meaning(inside, meanings))


def _list(
    maker: Maker, items: list[Any], path: tuple[str, ...], said: Said, meanings: Mapping[str, Meaning]
) -> Iterator[Observation]:
    """Yield the items: records with a time of their own are one channel over time, others are numbered channels."""
    dated = [isinstance(item, dict) and any(looks_like_instant(item.get(key)) for key in TIMES) for item in items]
    if path[-1].lower() in HISTORIES and items and not all(dated):
        raise Unreadable(
            "undated_history",
            f"Le capteur {maker.serial} renvoie d'anciens relevés (« {path[-1]} ») sans dire leurs heures ; prenez un"
            " codec qui date chaque relevé.",
        )
    for number, item in enumerate(items, 1):
        yield from _observe(maker, item, path if all(dated) else (*path, str(number)), said, meanings)


def _meaning(path: tuple[str, ...], meanings: Mapping[str, Meaning]) -> Meaning:
    named = meanings.get(".".join(path)) or BY_NAME.get(path[-1].lower())
    if named is not None:
        return named
    unit = unit_in(path[-1])
    return Meaning(quantity_of(unit), unit) if unit else Meaning(Quantity.REGISTER)


def network_maker(serial: str, written: Any, said: Said) -> Maker:
    """Return the maker of a frame the network server heard at `written`."""
    return Maker(serial, *stamped(written, said, Stamp.NETWORK), Quality.GOOD)


def percent(maker: Maker, path: tuple[str, ...], value: Decimal | None) -> list[Observation]:
    """Return the observation of a battery level in percent."""
    return maker.of(path, value, Meaning(Quantity.BATTERY, "%"))
