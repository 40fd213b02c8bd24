"""What a month's figure was made from, as one short text: it changes when data come late or are corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

# Sums instead of hashes: one pass over the days of all plans, and nothing that changes a figure leaves them all alone
# but a change that moves the same energy between two days of one month, which its revision tells.
_INPUTS = text("""
    WITH month AS (
        SELECT p.id AS plan_id, p.boundary_id, p.station_id, m::date AS first, (m + interval '1 month')::date AS next
        FROM baseline.measurement_plan p,
            generate_series(CAST(:first AS timestamp), CAST(:last AS timestamp), interval '1 month') m
        WHERE p.id = ANY(:plans)
    ), energy AS (
        SELECT month.plan_id, month.first,
            concat_ws('/', count(d.day), sum(d.hours_measured), sum(d.kwh), sum(d.revision)) AS said
        FROM month
        LEFT JOIN devices.boundary_term t ON t.boundary_id = month.boundary_id
        LEFT JOIN devices.daily_energy d ON d.point_id = t.point_id AND d.day >= month.first AND d.day < month.next
            AND t.period @> d.day
        GROUP BY month.plan_id, month.first
    ), place AS (
        SELECT DISTINCT station_id, first, next FROM month
    ), weather AS (
        SELECT place.station_id, place.first,
            concat_ws('/', count(t.celsius), sum(t.celsius)) AS hours,
            (SELECT concat_ws('/', count(*), sum(o.celsius)) FROM baseline.observation o
                WHERE o.station_id = place.station_id AND o.at >= place.first AND o.at < place.next) AS said
        FROM place
        LEFT JOIN baseline.temperature t
            ON t.station_id = place.station_id AND t.hour >= place.first AND t.hour < place.next
        GROUP BY place.station_id, place.first, place.next
    )
    SELECT month.plan_id, month.first, concat_ws(' ', energy.said, weather.hours, weather.said)
    FROM month
    JOIN energy USING (plan_id, first)
    JOIN weather ON weather.station_id = month.station_id AND weather.first = month.first
""")


def inputs_of_months(
    session: Session, plans: Sequence[int], first: dt.date, last: dt.date
) -> dict[tuple[int, dt.date], str]:
    """Return by plan and first day of a month what that month's figure is made from, months `first` to `last`."""
    rows = session.execute(_INPUTS, {"plans": list(plans), "first": first, "last": last})
    return {(plan_id, month): said for plan_id, month, said in rows}
