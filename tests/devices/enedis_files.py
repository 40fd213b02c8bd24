"""Files as Enedis documents them (guides 0317, 0318, 0408, 0479, 0503, 0504), written by us for points nobody has."""

from __future__ import annotations

import io
import json
import os
import zipfile

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

POINT = "30001234567890"
OTHER = "30009876543210"


def r151(*days, point=POINT, power_unit="VA", before=""):
    """`days`: (date, calendar, (values of the distributor's classes), greatest power or None[, likelihood])."""
    blocks = "".join(_r151_day(*day) for day in days)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<R151>\n<En_Tete_Flux><Identifiant_Flux>R151'
        "</Identifiant_Flux><Unite_Mesure_Index>Wh</Unite_Mesure_Index><Unite_Mesure_Puissance>"
        f"{power_unit}</Unite_Mesure_Puissance></En_Tete_Flux>\n<PRM>\n<Id_PRM>{point}</Id_PRM>\n{blocks}</PRM>\n</R151>"
    ).encode()


def _r151_day(date, calendar, values, peak, likelihood="0"):
    def register(tag, name, value):
        return (
            f"<{tag}><Id_Classe_Temporelle>{name}</Id_Classe_Temporelle><Rang_Cadran>1</Rang_Cadran>"
            f"<Valeur>{value}</Valeur><Indice_Vraisemblance>{likelihood}</Indice_Vraisemblance></{tag}>"
        )

    return (
        f"<Donnees_Releve>\n<Date_Releve>{date}</Date_Releve><Id_Calendrier_Distributeur>{calendar}"
        "</Id_Calendrier_Distributeur>"
        + "".join(register("Classe_Temporelle_Distributeur", f"C{n}", value) for n, value in enumerate(values))
        + (register("Classe_Temporelle", "BASE", 7) if values else "")
        + (f"<Puissance_Maximale><Valeur>{peak}</Valeur></Puissance_Maximale>" if peak is not None else "")
        + "</Donnees_Releve>\n"
    )


def r50(date, points, point=POINT):
    """`points`: (H, V or None, IV)."""
    written = "".join(
        f"<PDC><H>{h}</H>" + (f"<V>{v}</V><IV>{iv}</IV>" if v is not None else "") + "</PDC>" for h, v, iv in points
    )
    return (
        f"<R50><En_Tete_Flux><Identifiant_Flux>R50</Identifiant_Flux><Pas_Publication>30</Pas_Publication>"
        f"</En_Tete_Flux><PRM><Id_PRM>{point}</Id_PRM><Donnees_Releve><Date_Releve>{date}</Date_Releve>{written}"
        "</Donnees_Releve></PRM></R50>"
    ).encode()


def r171(*series, point=POINT):
    """`series`: (physics, unit, calendar, class, [(dateFin, valeur)])."""
    written = "".join(
        f"<serieMesuresDatees><prmId>{point}</prmId><type>INDEX</type><grandeurMetier>CONS</grandeurMetier>"
        f"<grandeurPhysique>{physics}</grandeurPhysique><typeCalendrier>{calendar}</typeCalendrier>"
        f"<codeClasseTemporelle>{name}</codeClasseTemporelle><unite>{unit}</unite><mesuresDateesListe>"
        + "".join(f"<mesureDatee><dateFin>{at}</dateFin><valeur>{v}</valeur></mesureDatee>" for at, v in values)
        + "</mesuresDateesListe></serieMesuresDatees>"
        for physics, unit, calendar, name, values in series
    )
    return (
        '<ns2:R171 xmlns:ns2="http://www.enedis.fr/stm/R171"><entete><flux>R171</flux></entete>'
        f"<serieMesuresDateesListe>{written}</serieMesuresDateesListe></ns2:R171>"
    ).encode()


def r4(*blocks, point=POINT):
    """`blocks`: (granularity, unit, physics, [(Horodatage, Valeur_Point or None, Statut_Point)])."""
    written = "".join(
        f"<Donnees_Courbe><Granularite>{step}</Granularite><Unite_Mesure>{unit}</Unite_Mesure>"
        f"<Grandeur_Metier>CONS</Grandeur_Metier><Grandeur_Physique>{physics}</Grandeur_Physique>"
        + "".join(
            f'<Donnees_Point_Mesure Horodatage="{at}"'
            + (f' Valeur_Point="{v}" Statut_Point="{status}"' if v is not None else "")
            + "/>"
            for at, v, status in points
        )
        + "</Donnees_Courbe>"
        for step, unit, physics, points in blocks
    )
    return (
        f"<Courbe><Entete><Identifiant_Flux>R4x</Identifiant_Flux></Entete><Corps><Identifiant_PRM>{point}"
        f"</Identifiant_PRM>{written}</Corps></Courbe>"
    ).encode()


def flow(code, *measures):
    """A JSON flow of guide 0503."""
    header = {"siDemandeur": "SGE", "codeFlux": code, "modePublication": "P", "format": "JSON"}
    return json.dumps({"header": header, "mesures": list(measures)}, indent=1).encode()


def curve(points, *, point=POINT, physics="PA", unit="W", first_day="2025-10-26"):
    """`points`: (d, v[, p[, n[, iv]]])."""
    names = ("d", "v", "p", "n", "iv")
    return {
        "idPrm": point,
        "etapeMetier": "BRUT",
        "periode": {"dateDebut": first_day, "dateFin": "2025-10-27"},
        "grandeur": [
            {
                "grandeurMetier": "CONS",
                "grandeurPhysique": physics,
                "unite": unit,
                "points": [dict(zip(names, one, strict=False)) for one in points],
            }
        ],
    }


def indexes(total, classes=(), *, point=POINT):
    """`total`: [(d, v[, iv])] of IDX_EAS_T or None; `classes`: (grid, class, [(d, v)])."""

    def values(found):
        return [dict(zip(("d", "v", "iv"), one, strict=False)) for one in found]

    size = {
        "grandeurMetier": "CONS",
        "grandeurPhysique": "EA",
        "unite": "Wh",
        "calendrier": [
            {"idCalendrier": "X", "libelleGrille": grid,
             "classeTemporelle": [{"idClasseTemporelle": name, "valeur": values(found)}]}
            for grid, name, found in classes
        ],
    }  # fmt: skip
    if total is not None:
        size["cadranTotalisateur"] = {"codeCadran": "IDX_EAS_T", "valeur": values(total)}
    return {"idPrm": point, "contexte": [{"etapeMetier": "BRUT", "typeReleve": "AQ", "grandeur": [size]}]}


def zipped(**members):
    """An archive; the names of its files are written with `__` for the dot."""
    return archive({name.replace("__", "."): content for name, content in members.items()})


def archive(members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return held.getvalue()


def encrypted(content, key, iv=None):
    """As Enedis does: with `iv` the old way, without it the IV goes first."""
    used = iv or os.urandom(16)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(used)).encryptor()
    body = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    return body if iv else used + body
