"""`python -m fleet` is the `fleet` command."""

from __future__ import annotations

from fleet.cli import main

main()
