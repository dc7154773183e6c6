"""Which package may import which: the tree keeps the rules, and the checker notices who does not."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "streams", "sinks", "runtime", "infra")


def lint(folder: Path) -> subprocess.CompletedProcess:
    program = Path(sys.executable).parent / "lint-imports"
    environment = {"PYTHONPATH": str(folder)}
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, env=environment)


def test_the_tree_keeps_the_rules():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


#: What stands in a module, and the rule that it breaks.
PLANTED = [
    ("streams/intake.py", "import sinks.loader", "streams and sinks know each other only by topics"),
    ("sinks/rows.py", "from streams import intake", "streams and sinks know each other only by topics"),
    ("schemas/money.py", "import infra.settings", "schemas imports nothing of ours"),
    ("streams/performance/engine.py", "import time", "stages and schemas are pure"),
    ("streams/crediting/stage.py", "import aiokafka", "stages and schemas are pure"),
    ("runtime/stage.py", "import sinks.checkpoints", "the runtime knows no stage"),
    ("sinks/rows.py", "import clickhouse_driver", "in sinks only the edges"),
]


def test_planted_violations_are_noticed(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for module, line, _ in PLANTED:
        with (tmp_path / module).open("a") as code:
            code.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    for module, line, broken in PLANTED:
        # what is told of each broken rule begins with its name, underlined
        (told,) = re.findall(rf"^{broken}.*\n-+\n((?:.*\n)*?)(?=.*\n---|\Z)", done.stdout, re.MULTILINE)
        importer = module.removesuffix(".py").replace("/", ".")
        imported = line.removeprefix("import ").replace("from streams import ", "streams.")
        assert f"{importer} -> {imported}" in told, (broken, done.stdout)
