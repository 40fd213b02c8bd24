"""Which codec reads the bytes of a device: asked of the database once, remembered until the inventory changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.codecs.meanings import of_kept
from devices.codecs.runner import Source
from devices.dialects.measurement import Unreadable
from devices.dialects.naming import registered
from devices.dialects.uplink import Decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from devices.codecs.runner import Runner
    from devices.dialects.making import Meaning
    from devices.dialects.uplink import Undecoded

    Ask = Callable[[str, dict[str, Any]], Sequence[Any]]
    """Runs a statement with `%(name)s` parameters and returns its rows."""

MOST: Final = 10_000
"""Serials remembered; a flood of unknown ones must not fill the memory."""
_LOOK_UP: Final = """
SELECT concat_ws(' ', nullif(m.maker, ''), m.name), c.id, concat_ws(' ', nullif(c.maker, ''), c.name, c.version),
    a.sha256, convert_from(a.content, 'UTF8'), c.meanings
FROM devices.device d
JOIN devices.device_model m ON m.id = d.model_id
LEFT JOIN devices.codec_use u ON u.model_id = m.id
LEFT JOIN devices.codec c ON c.id = u.codec_id
LEFT JOIN foundation.attachment a ON a.id = c.source_id
WHERE d.serial IN (%(serial)s, %(registered)s)
"""


class Attached(NamedTuple):
    """What reads the devices of a model: `source` is None where nothing does."""

    model: str
    source: Source | None
    meanings: Mapping[str, Meaning]


class CodecBook:
    """Decodes uplinks by the codec of the model of their device."""

    def __init__(self, ask: Ask, runner: Runner) -> None:
        self._ask = ask
        self._runner = runner
        self._by_serial: dict[str, Attached | None] = {}

    def __len__(self) -> int:
        return len(self._by_serial)

    def forget(self) -> None:
        """Remember nothing: something has changed."""
        self._by_serial.clear()

    def __call__(self, uplink: Undecoded) -> Decoded | None:
        """Return what the codec of the device makes of `uplink`; None where nobody knows its model."""
        attached = self._attached(uplink.serial)
        if attached is None:
            return None
        if attached.source is None:
            port = "sans port" if uplink.f_port is None else f"port {uplink.f_port}"
            raise Unreadable(
                "codec_missing",
                f"Le capteur {uplink.serial} a envoyé des octets que personne n'a décodés ({port}, hexadécimal"
                f" {uplink.data.hex()[:60]}) : il manque le codec du modèle « {attached.model} » ; attachez-le à ce"
                " modèle, puis rejouez les messages en attente.",
            )
        return Decoded(self._runner.run(attached.source, uplink).data, attached.meanings)

    def _attached(self, serial: str) -> Attached | None:
        try:
            return self._by_serial[serial]
        except KeyError:
            pass
        if len(self._by_serial) >= MOST:
            self.forget()
        rows = self._ask(_LOOK_UP, {"serial": serial, "registered": registered(serial)})
        attached = _read(rows[0]) if rows else None
        self._by_serial[serial] = attached
        return attached


def _read(row: Sequence[Any]) -> Attached:
    model, codec_id, title, sha256, text, meanings = row
    if codec_id is None:
        return Attached(model, None, {})
    return Attached(model, Source(title, text.removeprefix("\ufeff"), sha256), of_kept(meanings))
