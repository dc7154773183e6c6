"""One Kafka broker on the loopback interface, in KRaft mode, as a child process."""

import base64
import contextlib
import logging
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from infra.local.artifacts import cache_dir, cached, fetch_kafka, short_hash
from infra.local.errors import StackError
from infra.local.ports import HOST, answers
from infra.local.prerequisites import apt_line, java_problem
from infra.local.processes import ChildProcess
from infra.local.server import Server

# What every single-broker deployment of ours sets, embedded or in docker-compose.yml.
BROKER_SETTINGS: dict[str, str] = {
    # Topics are declared with their partitions and retention; a typing error must not create one.
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    # Kafka deletes by record timestamp: a producer's own (a backfill's year-old ones) would empty the topic.
    "log.message.timestamp.type": "LogAppendTime",
    # A columnar block of a large batch is one record.
    "message.max.bytes": "16777216",
    "replica.fetch.max.bytes": "16777216",
    "group.initial.rebalance.delay.ms": "0",
    # One broker cannot hold three replicas.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}

# A quick start counts for more here than the last tenth of a long run: small collector, fast compiler.
_JAVA = (
    "java", "-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.showThreadName=false",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
    # Hundreds of lines that repeat every setting, at each start.
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
)

_CLASSES = "kafka.jsa"


class KafkaServer(Server):
    """A broker and its data; `settings` add to or override those above."""

    def __init__(self, data_dir: Path, port: int | None = None, settings: Mapping[str, str] | None = None,
                 jars: Path | None = None, pass_fds: Sequence[int] = (), java: Sequence[str] | None = None) -> None:
        super().__init__()
        self.data_dir = Path(data_dir).absolute()
        self.log = self.data_dir / "kafka.log"
        self._java = java
        self._settings = dict(settings or {})
        self._jars = jars
        self._pass_fds = pass_fds
        self._broker = self._reserve(port, "Kafka")
        self._controller = self._reserve(None, "Kafka's controller")

    @property
    def bootstrap(self) -> str:
        """Address for clients, HOST:PORT."""
        return f"{HOST}:{self._broker.port}"

    def settings(self) -> dict[str, str]:
        """The server.properties of this broker; the constructor's settings win."""
        controller = f"{HOST}:{self._controller.port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            # Static voters: the dynamic kind writes the controller's port into the data, and ours may change.
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.data_dir / "log"),
            # After a crash the broker waits until its former self counts as dead: 9 seconds by default.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "1000",
            **BROKER_SETTINGS,
            **self._settings,
        }

    def answers(self) -> bool:
        """Whether a client's question about the cluster is answered."""
        if not answers(self._broker.port):
            return False
        with _quiet_client():
            try:
                client = KafkaAdminClient(bootstrap_servers=self.bootstrap)
                try:
                    return bool(client.describe_cluster()["brokers"])
                finally:
                    client.close()
            except KafkaError:  # it listens some time before it serves
                return False

    def _spawn(self) -> ChildProcess:
        if problem := java_problem():
            raise StackError(f"Kafka needs {problem}, install with: {apt_line()}")
        jars = self._jars or fetch_kafka()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        config = self.data_dir / "server.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in self.settings().items()))
        given = with_ready_classes(jars) if self._java is None else self._java
        java = [*_JAVA, *given, "-cp", f"{jars}/*"]
        # The tool writes this file last, so a folder without it was never formatted to the end.
        if not (self.data_dir / "log" / "meta.properties").exists():
            self._format([*java, "kafka.tools.StorageTool", "format", "-t", _new_cluster_id(),
                          "-c", str(config)])
        return ChildProcess("Kafka", [*java, "kafka.Kafka", str(config)], self.log, self._pass_fds)

    def _format(self, command: Sequence[str]) -> None:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        with self.log.open("a") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
            raise StackError(f"Kafka could not format {self.data_dir}:\n{said}")


def ready_classes(jars: Path) -> Path:
    """The folder with a broker's classes as the JVM holds them, which it maps instead of reading them from the jars.

    Half of what a start computes is that. A broker that does nothing writes them at its end, once for each Java and
    for each place of the jars: a JVM takes no other's.
    """
    java = Path(shutil.which("java") or "java").resolve()
    made_of = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in (java, *sorted(jars.iterdir()))]

    def fill(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as data:
            broker = KafkaServer(Path(data), jars=jars, java=[f"-XX:ArchiveClassesAtExit={folder / _CLASSES}"])
            try:
                broker.start(120)
                broker.stop(120)
            finally:
                broker.close()

    return cached(cache_dir(), f"kafka-classes-{short_hash(repr(made_of))}", "Kafka's classes (about 50 MB)", fill,
                  "Writing")


def with_ready_classes(jars: Path) -> list[str]:
    """The JVM's option, none where they cannot be kept: the broker starts without them too."""
    try:
        return [f"-XX:SharedArchiveFile={ready_classes(jars) / _CLASSES}"]
    except StackError:
        return []


def _new_cluster_id() -> str:
    while (found := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass  # the tool would take it for an option, as Kafka's own generator knows
    return found


@contextlib.contextmanager
def _quiet_client() -> Iterator[None]:
    """The client warns about every refused attempt; while a server starts, refusals are what we expect."""
    logger = logging.getLogger("kafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
