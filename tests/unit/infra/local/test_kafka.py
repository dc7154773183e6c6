"""What a broker is started with, without starting one."""

from pathlib import Path

import pytest

from infra.local import artifacts, kafka


def test_where_the_classes_cannot_be_kept_the_broker_reads_them_from_the_jars(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KPISTREAM_CACHE", str(tmp_path))
    monkeypatch.setattr(artifacts, "_NEEDED_BYTES", 10**18)
    assert kafka.with_ready_classes(tmp_path) == []
