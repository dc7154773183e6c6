"""Public data for tests, and a line that nobody can miss where it is absent."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("KPISTREAM_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


@pytest.fixture
def public_data() -> Path:
    """The folder with the public data sets."""
    if not DATA.is_dir():
        pytest.skip(f"no public data at {DATA}")
    return DATA


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not DATA.is_dir():
        terminalreporter.write_line(
            f"PUBLIC DATA MISSING: nothing at {DATA}; imports were NOT tested on real files (set KPISTREAM_TEST_DATA)",
            red=True, bold=True)
