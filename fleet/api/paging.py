"""Lists page by page, by key and not by number of page: as fast at the end as at the beginning, nothing told twice."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyramid.request import Request

    from fleet.api.shapes import Shape

WRONG = N_("Ce « after » n'est pas celui d'une page de cette liste ; suivez « next ».")


def asked(request: Request) -> Mapping[str, Any]:
    """Return the parameters of the query, validated, with those that were left out at their default."""
    query: Mapping[str, Any] = request.openapi_validated.parameters.query
    return query


def number_in(request: Request) -> int:
    """Return the number in the path, validated."""
    return int(request.openapi_validated.parameters.path["id"])


def cursor(*key: str | int) -> str:
    """Return what `after` is to be for the rows that follow the one with `key`."""
    written = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def read_cursor(written: str, *kinds: type) -> tuple[Any, ...]:
    """Return the key that `cursor` wrote.

    Raises:
        Refusal: it wrote none of these kinds.

    """
    try:
        key = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise Refusal(WRONG, field="after") from None
    right = isinstance(key, list) and [type(part) for part in key] == list(kinds)
    if not right or any(isinstance(part, int) and not 0 <= part < 2**31 for part in key):
        raise Refusal(WRONG, field="after")
    return tuple(key)


def page(
    request: Request, rows: Sequence[Any], shape: Callable[[Any], Shape], key: Callable[[Any], tuple[str | int, ...]]
) -> Shape:
    """Return the answer of a list, of which `rows` holds one more than was asked for where there are more."""
    limit = asked(request)["limit"]
    shown, following = rows[:limit], None
    if len(rows) > limit:
        following = request.path + "?" + _with(request, after=cursor(*key(shown[-1])))
    return {"items": [shape(row) for row in shown], "next": following}


def _with(request: Request, **changed: str) -> str:
    return urlencode([(name, value) for name, value in request.GET.items() if name not in changed] + [*changed.items()])
