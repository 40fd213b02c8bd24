"""What was published, written down and on disk before it is, and how far the broker has acknowledged it.

A file of JSON lines: `{"n": 1, "topic": …, "payload": …, "fault": …, "serial": …, "means": [[channel, instant, kWh],
…]}` for each message ("hex" in place of "payload" where it is not text; the instant is null where the message has
none), `{"acknowledged": 7}` once the broker has acknowledged every message up to number 7 (it
acknowledges in order, MQTT 5 § 4.6).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from devices.simulator.sensors import Said


class Entry(NamedTuple):
    """A message that was about to be published; `n` counts from 1."""

    n: int
    topic: str
    payload: bytes
    fault: str
    serial: str = ""
    means: Sequence[tuple[str, str | None, str]] = ()
    """Channel, instant, kWh, as text for the database to read."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of topic and payload, as dead letters carry it (`devices.ingest.message`)."""
        return hashlib.sha256(self.topic.encode() + b"\0" + self.payload).digest()


class Ledger:
    """The simulator's own account, added to and never changed."""

    def __init__(self, path: Path) -> None:
        self.published = 0
        self._acknowledged = 0
        try:
            self._file = path.open("xb")
        except FileExistsError:
            raise Refusal(
                "Le registre « {path} » existe déjà ; donnez un autre nom : il ne s'efface pas.", path=path
            ) from None
        except OSError as error:
            raise Refusal(
                "Le registre « {path} » ne s'écrit pas ({strerror}) ; vérifiez son chemin.",
                path=path,
                strerror=error.strerror,
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sync()
        self._file.close()

    def write(self, group: Sequence[Said]) -> None:
        """Write down `group`; it is on disk when this returns, and may then be published."""
        lines = []
        for said in group:
            self.published += 1
            lines.append(_line(self.published, said))
        self._file.write(b"".join(lines))
        self._sync()

    def acknowledge(self, upto: int) -> None:
        """Note that every message up to number `upto` is acknowledged; on disk with the next group, or at the end."""
        if upto > self._acknowledged:
            self._acknowledged = upto
            self._file.write(b'{"acknowledged": %d}\n' % upto)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


def _line(n: int, said: Said) -> bytes:
    line: dict[str, object] = {"n": n, "topic": said.topic}
    try:
        line["payload"] = said.payload.decode()
    except UnicodeDecodeError:
        line["hex"] = said.payload.hex()
    if said.fault:
        line["fault"] = said.fault
    if said.means:
        line["serial"] = said.serial
        line["means"] = [[one.channel, one.time and one.time.isoformat(), f"{one.value:f}"] for one in said.means]
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the messages of a ledger, in order; a last line the end of the simulator cut short is left out."""
    for number, line in _lines(path):
        if "n" in line:
            try:
                entry = _entry(line)
            except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
                raise _no_ledger(path, number) from None
            yield entry


def acknowledged_in(path: Path) -> int:
    """Return the number up to which every message is known to be acknowledged."""
    found = 0
    for number, line in _lines(path):
        upto = line.get("acknowledged", 0)
        if not isinstance(upto, int):
            raise _no_ledger(path, number)
        found = max(found, upto)
    return found


def _entry(line: dict[str, Any]) -> Entry:
    """Return the message a line says; the errors of Python where it says none."""
    payload = bytes.fromhex(line["hex"]) if "hex" in line else line["payload"].encode()
    means = [(channel, time, value) for channel, time, value in line.get("means", ())]
    for _, time, value in means:
        # The database reads these; what it could not would end in its own words.
        if time is not None:
            dt.datetime.fromisoformat(time)
        Decimal(value)
    topic: str = line["topic"]
    topic.encode()
    return Entry(int(line["n"]), topic, payload, line.get("fault", ""), line.get("serial", ""), means)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each whole line with its number."""
    number = 0
    try:
        with path.open("rb") as file:
            for number, written in enumerate(file, 1):
                if written.endswith(b"\n"):
                    yield number, _object(written)
    except OSError as error:
        raise Refusal(
            "Le registre « {path} » ne se lit pas ({strerror}) ; vérifiez son chemin.",
            path=path,
            strerror=error.strerror,
        ) from None
    except ValueError:
        raise _no_ledger(path, number) from None


def _object(written: bytes) -> dict[str, Any]:
    line = json.loads(written)
    if not isinstance(line, dict):
        raise ValueError  # noqa: TRY004 - said like any other line that is none
    return line


def _no_ledger(path: Path, number: int) -> Refusal:
    return Refusal(
        "La ligne {number} de « {path} » n'est pas celle d'un registre ; donnez le fichier que « fleet "
        "devices simulate » a écrit.",
        number=number,
        path=path,
    )
