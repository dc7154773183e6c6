"""The steps of the Dockerfile in a clean folder, and the commands of docker-compose.yml from what they made.

No container: /opt and /build lie in a temporary folder, the base image's Python is the one of the tests, and the
steps of the runtime stage that need root (the account, its folder) are not run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.ports import PortReservation
from infra.local.prerequisites import apt_line
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from tests.compose_files import ROOT, SECRETS, resolved
from tests.dockerfile_steps import Stage, ignore_rules, ignored, stages
from tests.integration.conftest import eventually
from tests.integration.secure_servers import AUTHORIZER

OURS = {
    name: service
    for name, service in resolved(SECRETS)["services"].items()
    if service["image"].startswith("kpistream:")
}
SERVING = [name for name, service in OURS.items() if service["restart"] != "no"]


@dataclass
class Image:
    """What the Dockerfile made: ``root`` stands for / of the container."""

    root: Path
    runtime: Stage

    def inside(self, text: str) -> str:
        """Paths of the container as paths of this machine."""
        return text.replace("/opt/", f"{self.root}/opt/")

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        """A container's environment: the image's, then the service's, nothing of ours."""
        image = {name: self.inside(value) for name, value in self.runtime.variables().items()}
        return {**image, "PATH": image["PATH"].replace("$PATH", os.defpath), "HOME": "/nonexistent", **variables}

    def command(self, arguments: list[str]) -> list[str]:
        """The entry point with arguments, as Docker would start it."""
        return [str(self.root / "opt/kpistream/bin" / self.runtime.words("ENTRYPOINT")[0]), *arguments]


def context(folder: Path) -> None:
    """What Docker would be sent: the repository without what .dockerignore keeps out."""
    rules = ignore_rules()

    def unwanted(directory: str, names: list[str]) -> list[str]:
        place = Path(directory).relative_to(ROOT)
        return [name for name in names if ignored((place / name).as_posix(), rules)]

    shutil.copytree(ROOT, folder, ignore=unwanted)


def run_step(image: Image, here: Path, sent: Path, kind: str, text: str) -> None:
    """One instruction of the builder."""
    if kind == "COPY":
        *sources, target = text.split()
        for source in sources:
            wanted = here / (target if len(sources) == 1 and not target.endswith("/") else Path(source).name)
            copy = shutil.copytree if (sent / source).is_dir() else shutil.copy
            copy(sent / source, wanted)
    elif kind == "RUN" and text.startswith("apt-get "):  # this machine has them by the README's own line
        packages = text.partition("--no-install-recommends ")[2].split()
        assert packages and set(packages) <= set(apt_line().split())
    elif kind == "RUN":
        environment = {"PATH": f"{image.root}/bin:{os.defpath}", "HOME": os.environ.get("HOME", "/")}
        done = subprocess.run(
            ["sh", "-ec", image.inside(text)], cwd=here, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"RUN {text}\n{done.stdout}{done.stderr}"
    else:
        assert kind in ("ENV", "WORKDIR"), f"the builder has a step that this test does not know: {kind} {text}"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The builder's steps in their order, then the runtime stage's copies."""
    builder, runtime = stages()
    made = Image(tmp_path_factory.mktemp("image"), runtime)
    sent, here = made.root / "context", made.root / "build"
    context(sent)
    for folder in (here, made.root / "bin", made.root / "opt"):
        folder.mkdir()
    (made.root / "bin" / "python").symlink_to(sys._base_executable)
    for kind, text in builder.steps:
        run_step(made, here, sent, kind, text)
    shutil.copytree(sent / "plans", made.root / "opt/kpistream/plans")
    # The builder's folder is not in the image: whatever were still read from it is missed from here on.
    shutil.rmtree(here)
    shutil.rmtree(sent)
    return made


def call(image: Image, arguments: list[str], folder: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(
        image.command(arguments), cwd=folder, env=image.environment(variables), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_works_without_servers(image: Image, tmp_path: Path) -> None:
    assert call(image, ["--version"], tmp_path, {}).startswith("kpistream, version ")
    listed = call(image, image.runtime.words("CMD"), tmp_path, {})
    for service in OURS.values():
        assert f"  {service['command'][0]} " in listed
    plan = str(image.root / "opt/kpistream/plans/example.yaml")
    assert "valid, " in call(image, ["plan", "validate", plan], tmp_path, {})


def test_it_runs_the_packages_it_installed_and_no_tool_for_tests(image: Image, tmp_path: Path) -> None:
    python = str(image.root / "opt/kpistream/bin/python")
    done = subprocess.run(
        [python, "-c", "import infra, streams.app; print(infra.__file__)"],
        cwd=tmp_path, env=image.environment({}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"{image.root}/opt/kpistream/lib/")
    for package in ("pytest", "hypothesis", "ruff"):
        assert not list(image.root.glob(f"opt/kpistream/lib/*/site-packages/{package}"))


@pytest.fixture(scope="module")
def servers(image: Image) -> Iterator[LocalStack]:
    """Servers of this module's own: the topics of docker-compose.yml have fixed names, and its brokers know rights."""
    with LocalStack(kafka_settings=AUTHORIZER) as running:
        yield running


def variables_of(name: str, servers: LocalStack) -> dict[str, str]:
    """A service's environment with the addresses, the password and the paths of this machine."""
    variables = dict(OURS[name]["environment"])
    variables |= {key: value for key, value in servers.connection.environment().items() if key in variables}
    if "KPISTREAM_ALERTS_TEXT" in variables:
        variables["KPISTREAM_ALERTS_TEXT"] = str(servers.data_dir / "alerts.txt")
    return variables | {
        "KPISTREAM_WEB_HOST": servers.connection.clickhouse_host,
        "KPISTREAM_FAUST_DATA": str(servers.data_dir / f"faust-{name}"),
    }


def test_the_services_start_in_their_order_and_become_healthy(
    image: Image, servers: LocalStack, tmp_path: Path
) -> None:
    assert "created: " in call(image, OURS["topics"]["command"], tmp_path, variables_of("topics", servers))
    assert "applied " in call(image, OURS["migrate"]["command"], tmp_path, variables_of("migrate", servers))
    plan = [image.inside(word.replace("/plans/", "/opt/kpistream/plans/")) for word in OURS["plan"]["command"]]
    assert "version 1 applied" in call(image, plan, tmp_path, variables_of("plan", servers))
    with ExitStack() as running:
        started = [start(image, name, servers, tmp_path, running) for name in SERVING]
        for name, healthy, log in started:
            assert eventually(healthy, 60), f"{name} is not healthy:\n{log.read_text()[-3000:]}"


def start(
    image: Image, name: str, servers: LocalStack, folder: Path, running: ExitStack
) -> tuple[str, Callable[[], bool], Path]:
    """Start a service on a free port: its name, whether the health check of docker-compose.yml passes, its log."""
    reservation = PortReservation(None, name)
    running.callback(reservation.release)
    here = {OURS[name]["healthcheck"]["test"][-1]: str(reservation.port)}
    variables = {key: here.get(value, value) for key, value in variables_of(name, servers).items()}
    environment = image.environment(variables)
    command = ["env", "-i", *(f"{key}={value}" for key, value in environment.items())]
    command += image.command([here.get(word, word) for word in OURS[name]["command"]])
    log = folder / f"{name}.log"
    running.callback(ChildProcess(name, command, log).stop)
    program, *arguments = [here.get(word, word) for word in OURS[name]["healthcheck"]["test"][1:]]
    check = [str(image.root / "opt/kpistream/bin" / program), *arguments]

    def healthy() -> bool:
        return subprocess.run(check, cwd=folder, env=environment, capture_output=True).returncode == 0

    return name, healthy, log
