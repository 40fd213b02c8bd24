"""How the house is installed: one distribution, six floors, one command."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
FLOORS = ("foundation", "contracts", "devices", "baseline", "billing", "fleet", "invoices_templates")


def direct_requirements() -> list[str]:
    """Return what `requirements.in` asks for, without its comments."""
    lines = (line.partition("#")[0].strip() for line in (HERE / "requirements.in").read_text("utf-8").splitlines())
    return [line for line in lines if line]


setup(
    name="fleet",
    version="0.1.0",
    description="Sensors in public buildings, savings proven against a weather-adjusted baseline, a share invoiced.",
    license="EUPL-1.2",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=[pattern for floor in FLOORS for pattern in (floor, f"{floor}.*")]),
    # Templates, style sheets, catalogues and the like stand beside the modules that use them.
    package_data={
        "": [f"**/*.{kind}" for kind in ("jinja2", "css", "js", "html", "svg", "png", "mako", "po", "json", "yaml")],
    },
    install_requires=direct_requirements(),
    entry_points={"console_scripts": ["fleet = fleet.cli:main"]},
)
