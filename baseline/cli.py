"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "baseline",
    help="Références : évaluer un bâtiment à partir d'un fichier, sans base de données ni réglages.",
    lazy={
        "assess": "baseline.assess.cli:assess",
        "weather": "baseline.weather.cli:weather",
        "degree-days": "baseline.weather.cli:degree_days",
    },
    short_helps={
        "assess": "Évaluer un bâtiment à partir d'un fichier de consommations et de températures.",
        "weather": "Faire entrer les fichiers des services météo.",
        "degree-days": "Compter les degrés-jours d'un fichier météo ou d'une station.",
    },
)
