"""``kpistream plan validate`` on files as other programs save them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from infra.plan_cli import plan


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_a_file_in_another_encoding_is_an_error_with_its_line(tmp_path, encoding):
    file = tmp_path / "plan.yaml"
    file.write_bytes("plan: p\nname: 方案\n".encode(encoding))
    result = CliRunner().invoke(plan, ["validate", str(file)])
    line = 1 if encoding == "utf-16" else 2
    assert result.exit_code == 1
    assert result.output == (
        f"{file}:{line}: not UTF-8 text: save the file with the encoding UTF-8\n{file}: 1 error\n"
    )
