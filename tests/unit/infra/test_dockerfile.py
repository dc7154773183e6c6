"""The Dockerfile and .dockerignore as text: stages, account, what enters the image. The steps run in
tests/integration/test_dockerfile.py.
"""

from __future__ import annotations

import re
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.compose import healthcheck
from infra.settings import Settings
from tests.dockerfile_steps import ROOT, ignore_rules, ignored, stages

BUILDER, RUNTIME = stages()


def copies(stage: object) -> list[list[str]]:
    """The words of every COPY without options, the last one its target."""
    return [text.split() for kind, text in stage.steps if kind == "COPY" and not text.startswith("--")]


def test_both_stages_are_of_one_python_that_the_project_supports() -> None:
    assert (BUILDER.name, RUNTIME.name) == ("builder", "")
    assert BUILDER.image == RUNTIME.image, "a virtual environment needs the interpreter it was made with"
    found = re.fullmatch(r"python:(\d+\.\d+)-slim-bookworm", BUILDER.image)
    assert found is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={found[1]}"


def test_packages_are_installed_by_hash_and_never_compiled() -> None:
    runs = [part for kind, text in BUILDER.steps if kind == "RUN" for part in text.split("&&")]
    installs = [part for part in runs if "pip install" in part]
    assert len(installs) == 3
    for command in installs[:2]:
        assert "--require-hashes --no-deps --only-binary :all:" in command
    assert "--no-deps --no-index" in installs[2]


def test_the_build_tool_is_the_one_of_the_development_environment() -> None:
    def pin(path: str) -> str:
        text = (ROOT / path).read_text(encoding="utf-8")
        found = re.search(r"^setuptools==(?:.*\\\n)*.*$", text, re.MULTILINE)
        assert found is not None
        return found[0]

    assert pin("infra/compose/build-requirements.txt") == pin("requirements-dev.txt")


def test_every_package_of_the_project_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = {source for *sources, _ in copies(BUILDER) for source in sources}
    assert {pattern.rstrip("*") for pattern in patterns} <= copied
    assert copied - {pattern.rstrip("*") for pattern in patterns} == {
        "requirements.txt", "requirements.in", "pyproject.toml", "README.md", "infra/compose/build-requirements.txt",
    }  # fmt: skip


@pytest.mark.parametrize("stage", [BUILDER, RUNTIME], ids=["builder", "runtime"])
def test_what_is_copied_exists_and_is_not_ignored(stage: object) -> None:
    for *sources, _ in copies(stage):
        for source in sources:
            assert (ROOT / source).exists()
            assert not ignored(source, ignore_rules())


@pytest.mark.parametrize("path", [
    ".env", ".env.example", ".git/config", ".venv/bin/python", ".kpistream/latest/connection.env", "tests/conftest.py",
    "infra/local/__pycache__/stack.cpython-311.pyc", "docs/plan.md", "infra/x.pyc",
])  # fmt: skip
def test_what_has_no_place_in_an_image_is_ignored(path: str) -> None:
    assert ignored(path, ignore_rules())


def test_what_the_packages_need_is_not_ignored() -> None:
    for path in ("infra/clickhouse/migrations/x.sql", "infra/mappings/x.yaml", "infra/compose/clickhouse/users.xml"):
        assert not ignored(path, ignore_rules())


def test_it_runs_as_an_account_without_rights() -> None:
    kinds = [kind for kind, _ in RUNTIME.steps]
    assert RUNTIME.only("USER") == "kpistream"
    assert {"RUN", "COPY"} & set(kinds[kinds.index("USER") :]) == set(), "nothing is done after the change of account"
    accounts = RUNTIME.only("RUN")
    assert "useradd --uid 10001" in accounts
    assert "/usr/sbin/nologin kpistream" in accounts


def test_the_environment_moves_to_the_path_it_was_made_for() -> None:
    ((_, moved),) = [step for step in RUNTIME.steps if step[1].startswith("--from")]
    assert moved == "--from=builder /opt/kpistream /opt/kpistream"
    assert RUNTIME.variables()["PATH"].split(":")[0] == "/opt/kpistream/bin"


def test_entry_point_settings_and_port_are_those_of_the_code() -> None:
    assert RUNTIME.words("ENTRYPOINT") == ["kpistream"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert RUNTIME.words("ENTRYPOINT")[0] in project["scripts"]
    assert RUNTIME.only("EXPOSE") == str(Settings.model_fields["web_port"].default)
    ours = {name for stage in (BUILDER, RUNTIME) for name in stage.variables() if name.startswith("KPISTREAM_")}
    assert ours <= {f"KPISTREAM_{name.upper()}" for name in Settings.model_fields}


# --- the health check


class Answers(BaseHTTPRequestHandler):
    """Answers every path with the status that the server was given."""

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_health_check_asks_healthz(status: int, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.status = status
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.server_port
        try:
            assert healthcheck.main([str(port)]) == code
        finally:
            server.shutdown()
            thread.join()
    said = capsys.readouterr().err
    assert said == ("" if code == 0 else f"http://127.0.0.1:{port}/healthz answers 503, expected 200\n")


def test_health_check_of_nobody_fails_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        port = server.server_port
    monkeypatch.setenv("KPISTREAM_WEB_PORT", str(port))
    assert healthcheck.main([]) == 1
    assert f"http://127.0.0.1:{port}/healthz does not answer" in capsys.readouterr().err


def test_docker_waits_longer_than_the_check() -> None:
    text = RUNTIME.only("HEALTHCHECK")
    options, _, command = text.partition("CMD ")
    assert command == '["python", "-m", "infra.compose.healthcheck"]'
    (timeout,) = re.findall(r"--timeout=(\d+)s", options)
    assert int(timeout) > healthcheck._TIMEOUT_SECONDS
