"""The file of a payout."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from infra.payout_cli import write_csv


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path):
    path = tmp_path / "nowhere" / "payout.csv"
    with pytest.raises(click.ClickException, match="No such file or directory"):
        write_csv(path, [], {})
