"""R65, R66, R67, C68 and what cannot be: the rest of what is asked of Enedis, and what is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.dialects.measurement import Unreadable
from devices.sources.enedis import r4, r64, r67
from devices.sources.enedis.registry import read, recognise
from devices.sources.leaps import judged, watts_of
from devices.sources.reading import Quality, Quantity
from tests.devices import enedis_files as made
from tests.devices.enedis_files import OTHER, POINT, flow
from tests.devices.test_enedis_flows import records, refused, utc


def daily(value, unit="Wh", physics="EA", **more):
    size = {"grandeurMetier": "CONS", "grandeurPhysique": physics, "unite": unit}
    return {
        "idPrm": POINT,
        "modeCalcul": "DIFF.INDEX",
        "grandeur": [{**size, "points": [{"d": "2025-10-26", "v": value, **more}]}],
    }


def test_r65_is_the_energy_of_a_local_day_of_25_hours():
    (one,) = records(flow("R65", daily("15000")))
    assert (one.start, one.end) == (utc(2025, 10, 25, 22), utc(2025, 10, 26, 23))
    assert (one.quantity, one.value, one.unit, one.said) == (Quantity.ENERGY, 15, "kWh", "DIFF.INDEX")


def test_r65_in_csv():
    content = (
        "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;Unité;Mode de calcul;"
        f"Pas;Date;Valeur\n{POINT};2025-01-01;2025-01-02;EA;PROD;BRUT;Wh;INTEG.COURBE;P1D;2025-01-01;1500\n"
    )
    (one,) = records(content.encode())
    assert (one.quantity, one.value, one.said) == (Quantity.EXPORTED_ENERGY, Decimal("1.5"), "INTEG.COURBE")


def test_r66_is_the_greatest_power_of_a_day():
    (one,) = records(flow("R66B", daily(5400, "VA", "PMA")))
    assert (one.quantity, one.value, one.unit) == (Quantity.PEAK_POWER, 5400, "VA")


def billed(*periods):
    """`periods`: (grid, class, start, end, Wh, nature, status)."""
    calendars = [
        {"codeGrille": grid, "classeTemporelle": [{"idClasseTemporelle": name, "quantite": [
            {"dateCreation": f"2025-05-0{n}T00:00:00", "dbtMesure": start, "finMesure": end, "quantite": value,
             "codeNature": nature, "codeStatut": status}]}]}
        for n, (grid, name, start, end, value, nature, status) in enumerate(periods, 1)
    ]  # fmt: skip
    size = {"grandeurMetier": "CONS", "grandeurPhysique": "EA", "unite": "Wh", "calendrier": calendars}
    return {"idPrm": POINT, "contexte": [{"etapeMetier": "FACT", "grandeur": [size]}]}


def test_r67_adds_up_one_grid_of_a_half_open_period_and_forgets_what_was_annulled():
    period = ("2025-03-01", "2025-04-01")
    found = records(
        flow("R67", billed(
            ("F", "BASE", *period, 999, "R", "I"),
            ("D", "HPB", *period, 800, "R", "I"),
            ("D", "HCB", *period, 100, "E", "I"),
            ("D", "HPB", "2025-04-01", "2025-05-01", 5000, "R", "A"),
            ("F", "BASE", "2025-04-01", "2025-05-01", 7000, "R", "I"),
        ))
    )  # fmt: skip
    assert [(one.start, one.end, one.value, one.quality) for one in found] == [
        (utc(2025, 2, 28, 23), utc(2025, 3, 31, 22), Decimal("0.9"), Quality.ESTIMATED),
        (utc(2025, 3, 31, 22), utc(2025, 4, 30, 22), Decimal(7), Quality.GOOD),
    ]


def c68(power="36", segment="C5", point=POINT):
    return [
        {
            "idPrm": point,
            "donneesGenerales": {"adresseInstallation": {"codePostal": "38000"}},
            "situationAlimentation": {
                "etatAlimentation": {"code": "ALIM"},
                "alimentationPrincipale": {"domaineTension": "BT"},
            },
            "situationsContractuelles": [
                {
                    "segment": {"attributes": {"code": segment}},
                    "informationsContractuelles": {"etatContractuel": "SERVC", "dateDebutContrat": "2024-07-01"},
                    "structureTarifaire": {
                        "puissanceSouscrite": {"valeur": power, "unite": "kVA"},
                        "formuleTarifaireAcheminement": {"code": "BTINFCU4", "libelle": "CU 4"},
                    },
                }
            ],
        }
    ]


def test_c68_says_what_a_point_is():
    (facts,) = records(json.dumps(c68()).encode())
    assert (facts.point, facts.segment, facts.contract_state, facts.supply_state) == (POINT, "C5", "SERVC", "ALIM")
    assert (facts.subscribed_power, facts.subscribed_power_unit, facts.network_tariff) == (36, "kVA", "BTINFCU4")
    assert (facts.postcode, f"{facts.contract_starts_on}", watts_of(facts)) == ("38000", "2024-07-01", 36000)


def test_c68_in_csv():
    content = f"Identifiant PRM;Segment;Puissance souscrite;Unité de puissance souscrite\n{POINT};C4;60;kVA\n"
    (facts,) = records(content.encode())
    assert (facts.segment, facts.subscribed_power, facts.contract_starts_on) == ("C4", 60, None)


def test_a_jump_no_subscription_allows_is_impossible_whatever_its_likelihood():
    day = ("DI000003",)
    content = made.r151(
        ("2025-01-01", *day, (1_000_000,), None),
        ("2025-01-02", *day, (45_000_000,), None),
        ("2025-01-04", *day, (1_150_000,), None),
        ("2025-01-03", *day, (1_070_000,), None),
    )
    found = list(judged(records(content), {POINT: Decimal(3000)}))
    # 44 MWh on a point of 3 kVA; the next days, one of them late, are judged from the last that was possible.
    assert [one.quality for one in found] == [Quality.GOOD, Quality.IMPOSSIBLE, Quality.GOOD, Quality.GOOD]
    assert [one.quality for one in judged(records(content), {OTHER: Decimal(3000)})] == [Quality.GOOD] * 4


@pytest.mark.parametrize(("wh", "quality"), [(93_600, Quality.GOOD), (93_601, Quality.IMPOSSIBLE)])
def test_the_bound_is_the_subscribed_power_by_24_hours_by_1_3(wh, quality):
    days = [("2025-01-01", "DI000003", (0,), None), ("2025-01-02", "DI000003", (wh,), None)]
    *_, last = judged(records(made.r151(*days)), {POINT: Decimal(3000)})
    assert last.quality is quality


def test_a_name_and_a_content_that_disagree_are_refused():
    content = made.r151(("2025-01-01", "DI000003", (1,), None))
    assert refused(content, "ERDF_R50_X_Y.xml") == "other_flow"
    assert refused(flow("R64", made.indexes([])), "ENEDIS_R63_P_CdC_M1_00001_20250101000000.json") == "other_flow"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<?xml version='1.0'?><Facture/>", "unknown_flow"),
        (b"<!DOCTYPE R151 [<!ENTITY a 'b'>]><R151><PRM/></R151>", "document_type"),
        (made.r151(("2025-01-01", "DI000003", (1,), None))[:-3], "not_xml"),
        (made.r151(("2025-01-01", "DI000003", ("1e3",), None)), "bad_value"),
        (made.r151(("2025-01-01", "DI000003", (1,), None), point="123"), "bad_point"),
        (made.r151(("01/01/2025", "DI000003", (1,), None)), "bad_time"),
        (flow("R64", made.indexes([("2025-01-01 00:00:00", 1)]))[:-3], "not_json"),
        (flow("R64", made.indexes([("2025-01-01 00:00:00", 1)]))[:-30], "not_json"),
        (flow("R63", made.curve([("2025-01-01 00:00:00", "NaN")])), "bad_value"),
        (flow("R63", made.curve([("2025-01-01 00:00:00", "1", "PT7M")])), "bad_step"),
        (flow("R63", made.curve([("2025-01-01 00:00:00", "1")], unit="furlong")), "unknown_unit"),
        (flow("R63", {"idPrm": POINT, "grandeur": 3}), "bad_shape"),
        (b"a;b\nc;d\n", "unknown_flow"),
    ],
)
def test_what_is_no_flow_is_refused_with_its_reason(content, reason):
    assert refused(content) == reason


_SOUND = (
    made.r151(("2025-01-01", "DI000003", (1, 2), 3)),
    made.r50("2025-01-01", [("2025-01-01T00:30:00+01:00", 1, 0)]),
    made.r171(("EA", "Wh", "D", "HPH", [("2025-01-02T00:00:00", 1)])),
    made.r4(("10", "kW", "EA", [("2025-01-01T00:00:00+01:00", 1, "R")])),
    flow("R63", made.curve([("2025-01-01 00:00:00", "1")])),
    flow("R64", made.indexes([("2025-01-01 00:00:00", 1)])),
    flow("R65", daily("1")),
    flow("R67", billed(("D", "HPB", "2025-01-01", "2025-02-01", 1, "R", "I"))),
    json.dumps(c68()).encode(),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SOUND), st.data())
def test_a_file_changed_anywhere_is_read_or_refused_and_nothing_else(content, data):
    at = data.draw(st.integers(0, len(content) - 1))
    cut = data.draw(st.integers(0, 20))
    changed = content[:at] + data.draw(st.binary(max_size=6)) + content[at + cut :]
    # Anything but a refusal would come through.
    with suppress(Unreadable):
        records(changed)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_SOUND), st.integers(1, 40))
def test_pieces_of_any_size_say_the_same(content, size):
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    assert list(read(recognise("file", pieces))) == records(content)


def test_a_letter_nobody_could_check_is_a_convention_that_may_be_replaced():
    content = made.r4(("10", "kW", "EA", [("2025-01-01T00:00:00+01:00", 1, "K")]))
    assert [one.quality for one in r4.read([content])] == [Quality.ESTIMATED]
    assert [one.quality for one in r4.read([content], natures={"K": Quality.GOOD})] == [Quality.GOOD]
    assert [one.quality for one in r4.read([content], natures={})] == [Quality.DOUBTFUL]


def test_a_register_without_a_value_is_no_smaller_total():
    assert refused(made.r151(("2025-01-01", "DI000003", (1, ""), None))) == "bad_value"


def test_r64_in_csv_reads_the_total_register():
    heading = ";".join(r64.COLUMNS)
    row = f"{POINT};2025-06-01;2025-06-03;EA;CONS;BRUT;Wh;2025-06-02 00:00:00;COL;AQ;;{{}};;;{{}};;{{}};{{}};0"
    rows = [row.format("Distributeur", "HPB", "IDX_EAS_D1", 5), row.format("", "", "IDX_EAS_T", 12345)]
    (one,) = records("\n".join([heading, *rows, ""]).encode())
    assert (one.start, one.value, one.quality) == (utc(2025, 6, 1, 22), Decimal("12.345"), Quality.GOOD)


def test_r67_in_csv_adds_up_one_grid():
    row = f"{POINT};2025-03-01;2025-04-01;EA;CONS;FACT;Wh;CYCL;{{}};;;;{{}};;2025-04-02;2025-03-01;2025-04-01;{{}};R;I"
    rows = [row.format("D", "HPB", 800), row.format("D", "HCB", 100), row.format("F", "BASE", 900)]
    (one,) = records("\n".join([";".join(r67.COLUMNS), *rows, ""]).encode())
    assert (one.start, one.end, one.value) == (utc(2025, 2, 28, 23), utc(2025, 3, 31, 22), Decimal("0.9"))
