"""Fixtures for every kind of test."""

import gc
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from infra.local.stack import LocalStack

INTEGRATION = Path(__file__).parent / "integration"

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where no integration test is asked for, what they import is not even read."""
    return True if collection_path == INTEGRATION and config.option.markexpr == "not integration" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever starts real servers is an integration test, wherever it lies."""
    for item in items:
        if "integration" in item.path.parts or "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.integration)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """A real Kafka and a real ClickHouse for the whole test run, on free ports, with nothing in them."""
    with LocalStack() as running:
        yield running


@pytest.fixture
def unique_prefix(request: pytest.FixtureRequest) -> str:
    """A name no other test uses, for topics, groups and databases on the shared servers."""
    words = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower()).strip("_")
    return f"{words[:40]}_{uuid.uuid4().hex[:8]}"

pytest_plugins = ["tests.public_data_plugin"]
