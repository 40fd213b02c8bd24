"""What a file says, as JSON or as lines, one record at a time."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from devices.sources.reading import PointFacts

if TYPE_CHECKING:
    from devices.sources.reading import Record, SourceReading


def to_json(record: Record, file: str, flow: str) -> dict[str, Any]:
    """Return a record as JSON's readers take it: `instant`, or `start` and `end`, in UTC; exact values as text."""
    where = {"file": file, "flow": flow, "line": record.line}
    if isinstance(record, PointFacts):
        return {name: _plain(value) for name, value in record._asdict().items()} | where
    return {
        "point": record.point,
        "quantity": record.quantity.value,
        "unit": record.unit,
        **_when(record),
        "value": _plain(record.value),
        "exact_value": f"{record.value:f}",
        "quality": record.quality.value,
        "register": record.register,
        "said": record.said,
        **where,
    }


def to_text(record: Record) -> str:
    """Return a record as a line for people."""
    if isinstance(record, PointFacts):
        said = (
            f"{name} {value}" for name, value in record._asdict().items() if name not in {"point", "line"} and value
        )
        return f"{record.point}  {', '.join(said)}"
    when = " → ".join(_when(record).values())
    what = f"{record.quantity} {record.register}  {record.value:f} {record.unit}"
    return f"{record.point}  {when}  {what}  [{record.quality}]"


def dumps(found: Any) -> str:
    """Return one JSON value on one line."""
    return json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace").decode()


def _when(reading: SourceReading) -> dict[str, str]:
    if reading.end is None:
        return {"instant": reading.start.isoformat()}
    return {"start": reading.start.isoformat(), "end": reading.end.isoformat()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date) else value
