"""The lists of commands, which are printed without importing what they list."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.lazy_commands import Lazily, LazyGroup
from infra.plan_cli import plan

_HEAVY = ("numpy", "pyarrow", "pydantic", "kafka", "faust", "clickhouse_driver", "yaml")


def lazily() -> list[tuple[LazyGroup, str, Lazily]]:
    return [(group, name, one) for group in (main, plan) for name, one in group.lazily.items()]


@pytest.mark.parametrize(("group", "name", "one"), lazily(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_listed_command_is_there_under_its_name(group: LazyGroup, name: str, one: Lazily) -> None:
    command = group.get_command(click.Context(group), name)
    assert command.name == name
    assert command.help


@pytest.mark.parametrize("group", [main, plan])
def test_summaries_stand_whole_in_a_terminal_of_80_columns(group: LazyGroup) -> None:
    printed = CliRunner().invoke(group, ["--help"], terminal_width=80).output.splitlines()
    for name, one in group.lazily.items():
        assert [line for line in printed if line.split() == [name, *one.summary.split()]], name


def test_an_unknown_command_is_refused() -> None:
    refused = CliRunner().invoke(main, ["plans"])
    assert refused.exit_code == 2
    assert "No such command 'plans'" in refused.output


def test_help_imports_no_heavy_library() -> None:
    script = (
        "import sys\nfrom infra.cli import main\nmain(['--help'], standalone_mode=False)\n"
        f"assert not [name for name in {_HEAVY} if name in sys.modules], sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
