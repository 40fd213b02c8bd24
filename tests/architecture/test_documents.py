"""What the documents of the repository promise by their form: rows for settings, numbers and headings for decisions."""

import re
from pathlib import Path

from fleet.setting_table import SOURCES

ROOT = Path(__file__).parents[2]
HEADINGS = ["Context", "Decision", "Status", "Consequences"]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def test_each_setting_has_a_row_in_the_readme() -> None:
    rows = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    written = set(re.findall(r"`([A-Z][A-Z_]+)`", "\n".join(rows)))
    assert {source.variable for source in SOURCES.values()} <= written


def test_decisions_are_numbered_without_gap_and_have_four_headings() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for path in DECISIONS:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS, path.name


def test_links_between_documents_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} → {target}"
