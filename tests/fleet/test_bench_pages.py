"""The bench of pages opens each page it names on a fleet it fills, and takes its readings away again."""

from sqlalchemy import func, select

from devices.ingest.models import Reading
from devices.points.models import MeteringPoint
from fleet.bench.pages import EMPTY, Size, bench_pages
from tests.webhouse import HOST, open_house


def test_every_page_is_opened_and_the_slowest_is_named(template):
    for house in open_house(template, "fleet_test_bench_pages"):
        told = []
        found = bench_pages(house.app, house.database.owner, f"http://{HOST}", Size(8, 100, 1), told.append)
        assert (
            set(found["p95_ms"]) == set(found["median_ms"]) > {EMPTY, "overview", "big_table", "carpet_plot", "search"}
        )
        assert found["slowest"] in found["p95_ms"]
        assert found["slowest"] != EMPTY
        assert found["points"] == 8
        assert any("historique" in line for line in told)
        assert house.scalar(select(func.count()).select_from(MeteringPoint)) >= 8
        assert house.scalar(select(func.count()).select_from(Reading)) < 1000
