"""What pages of all floors share.

Finding a row by the number in the address, a page that is one form, lists page by page, and pages made of
fragments that each floor registers, so that no floor imports one above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import func, select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Select

    from foundation.permissions import Permission

Row = TypeVar("Row")

FORM = "foundation.look:templates/form.jinja2"
"""Renderer of a page that is one form: title, crumbs, form, submit, and intro or files where there are any."""
NUMBER = r"{id:[0-9]{1,9}}"
"""How a row's number stands in a route's pattern."""
_ROW_NUMBER = re.compile("[0-9]{1,9}")
ROWS_PER_PAGE = 100


def found(request: Any, model: type[Row], key: str = "id") -> Row:
    """Return the row whose number stands in the address.

    One that does not exist and one the reader may not see are the same 404 (hostile input 23).
    """
    row: Row | None = request.dbsession.get(model, int(request.matchdict[key]))
    if row is None:
        raise HTTPNotFound
    if request.method == "GET":
        request.shown = row  # what the page is about: the frame leads to its history
    return row


def named(request: Any, model: type[Row], parameter: str) -> Row:
    """Return the row whose number stands in the query (`?building=7`); 404 as in `found`."""
    asked = request.GET.get(parameter, "")
    row: Row | None = request.dbsession.get(model, int(asked)) if _ROW_NUMBER.fullmatch(asked) else None
    if row is None:
        raise HTTPNotFound
    return row


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a long list."""

    rows: Sequence[Row]
    number: int
    count: int
    total: int


def page_of(request: Any, query: Select[Row]) -> Page[Row]:
    """Return the page of `query` the address asks for (`?page=2`); a number out of range is brought back into it."""
    total: int = request.dbsession.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    count = max(1, -(-total // ROWS_PER_PAGE))
    asked = request.GET.get("page", "1")
    number = min(max(1, int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1), count)
    rows = request.dbsession.scalars(query.limit(ROWS_PER_PAGE).offset((number - 1) * ROWS_PER_PAGE)).all()
    return Page(rows, number, count, total)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One part of a page that several floors fill.

    Such pages are "home" and "sites" (without row), "building", "point" and "agreement". `prepare` takes the request
    and the page's row and returns what `template` shows as `part`, or None where there is nothing to say; it is called
    only for who has `permission`.
    """

    page: str
    name: str
    order: int
    permission: Permission
    template: str
    prepare: Callable[[Any, Any], Mapping[str, Any] | None]


def add_fragment(config: Any, fragment: Fragment) -> None:
    """Pyramid directive: add `fragment` to every page of its kind; two of one name are a conflict."""

    def register() -> None:
        config.registry.setdefault("fragments", []).append(fragment)

    config.action(("fragment", fragment.page, fragment.name), register)


def fragments(request: Any, page: str, row: Any) -> list[tuple[Fragment, Mapping[str, Any]]]:
    """Return the fragments of the page of `row` the reader may see and that have something to say, in their order."""
    mine = [one for one in request.registry.get("fragments", []) if one.page == page]
    mine = [one for one in mine if request.has_permission(one.permission)]
    prepared = [(one, one.prepare(request, row)) for one in sorted(mine, key=lambda one: (one.order, one.name))]
    return [(one, values) for one, values in prepared if values is not None]


def includeme(config: Any) -> None:
    """Give floors the directive `config.add_fragment`."""
    config.add_directive("add_fragment", add_fragment)
