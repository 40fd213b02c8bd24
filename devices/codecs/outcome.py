"""What a codec's run came to: its data and its warnings, or the sentence that says why there is none."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.dialects.strict_json import read
from foundation.messages import N_

SENTENCES: Final = {
    "time": N_(
        "Le codec « {name} » tourne encore après une seconde et a été arrêté ; corrigez sa boucle sans fin ou prenez"
        " la version à jour du fabricant, puis rejouez les messages en attente."
    ),
    "memory": N_(
        "Le codec « {name} » demande plus de mémoire qu'on ne lui en accorde et a été arrêté ; corrigez-le ou prenez la"
        " version à jour du fabricant, puis rejouez les messages en attente."
    ),
    "resting": N_(
        "Le codec « {name} » a dépassé son temps ou sa mémoire trois fois de suite et n'est plus lancé pendant une"
        " minute ; corrigez-le, puis rejouez les messages en attente."
    ),
    "engine": N_(
        "Le moteur qui fait tourner les codecs ne démarre pas ; vérifiez que mini-racer est installé sur cette machine,"
        " puis rejouez les messages en attente."
    ),
    "syntax": N_(
        "Le codec « {name} » n'est pas du JavaScript que l'on puisse lire (le moteur dit :"
        " « {detail} ») ; prenez le fichier .js d'origine du fabricant, sans « import » ni « export »."
    ),
    "function": N_(
        "Le codec « {name} » n'a pas de fonction « decodeUplink » (LoRa Alliance TS013) ; demandez au fabricant le"
        " codec de cette norme."
    ),
    "loading": N_(
        "Le codec « {name} » s'arrête dès qu'on le charge (le moteur dit : « {detail} »), quels que soient les octets ;"
        " prenez le fichier .js d'origine du fabricant."
    ),
    "error": N_(
        "Le codec « {name} » s'est arrêté sur une erreur (le moteur dit : « {detail} ») ; vérifiez que c'est celui de"
        " ce modèle. Un codec n'a ni réseau, ni fichiers, ni modules : « fetch », « require » et « process »"
        " n'existent pas."
    ),
    "number": N_(
        "Le codec « {name} » rend un nombre qui n'en est pas un ({detail}) ; faites-lui omettre le champ quand le"
        " capteur n'a pas de valeur."
    ),
    "long": N_(
        "Le codec « {name} » rend plus de 65 536 signes pour une seule trame ; vérifiez que c'est celui de ce modèle."
    ),
    "refused": N_(
        "Le codec « {name} » refuse ces octets (il dit : « {detail} ») ; vérifiez que c'est celui de ce modèle et qu'il"
        " connaît ce port."
    ),
    "nothing": N_(
        "Le codec « {name} » ne rend pas d'objet « data » (LoRa Alliance TS013) ; vérifiez que c'est celui de ce modèle"
        " et qu'il connaît ce port."
    ),
}


def failure(word: str, detail: str, name: str) -> Unreadable:
    """Return the refusal for what `word` says became of the codec `name`."""
    return Unreadable(f"codec_{word}", SENTENCES[word], name=name[:80], detail=detail[:200])


class Outcome(NamedTuple):
    """What `decodeUplink` returned: `data` with its numbers as Decimal, and what it warns of."""

    data: dict[str, Any]
    warnings: tuple[str, ...]

    @classmethod
    def read(cls, said: str, text: str, name: str) -> Outcome:
        """Read the child's answer; `Unreadable` where there is no data in it (TS013-1.0.0 § 3.2)."""
        if said != "answer":
            if "allocation failed" in text or "Invalid array length" in text:
                said = "memory"
            raise failure(said if said in SENTENCES else "error", text, name)
        answer = read(text.encode("utf-8", "backslashreplace"))
        # A codec may have bent how objects are written; then the shape is no longer ours.
        if not isinstance(answer, list) or len(answer) != 3:
            raise failure("nothing", "", name)
        data, errors, warnings = answer
        if errors:
            raise failure("refused", _words(errors), name)
        if not isinstance(data, dict):
            raise failure("nothing", "", name)
        return cls(data, tuple(str(one)[:200] for one in warnings) if isinstance(warnings, list) else ())


def _words(errors: Any) -> str:
    return " ; ".join(str(one) for one in errors) if isinstance(errors, list) else str(errors)
