"""Fetching with the real package client."""

import shutil
from pathlib import Path

import pytest

from infra.local.artifacts import PINS, fetch_kafka
from infra.local.errors import StackError


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PINS, tmp_path / "pins"))


def test_jars_other_than_the_pinned_ones_are_refused(tmp_path: Path, pins: Path) -> None:
    cache = tmp_path / "cache"
    listed = (pins / "kafka.sha256").read_text().splitlines()
    (pins / "kafka.sha256").write_text("\n".join(["0" * 64 + listed[0][64:], *listed[1:]]))
    with pytest.raises(StackError, match=f"not the pinned ones.*{listed[0].split()[1]}"):
        fetch_kafka(cache, pins)
    assert [path.suffix for path in cache.iterdir()] == [".lock"], "nothing may be kept"


def test_a_version_that_does_not_exist_is_said(tmp_path: Path, pins: Path) -> None:
    pom = pins / "pom.xml"
    pom.write_text(pom.read_text().replace("<kafka.version>", "<kafka.version>0.0.0-"))
    with pytest.raises(StackError, match="mvn did not fetch what is pinned"):
        fetch_kafka(tmp_path / "cache", pins)
