"""What the embedded servers have in common: their life."""

from abc import ABC, abstractmethod
from pathlib import Path

from infra.local.ports import PortReservation
from infra.local.processes import ChildProcess


class Server(ABC):
    """A server on reserved ports.

    `launch` starts the process, `wait_ready` returns when it answers, `start` does both. The ports are
    reserved on construction and kept until `close`: a server that was stopped or killed comes back where its
    clients look for it. Start only from the main thread (see ChildProcess).
    """

    log: Path

    def __init__(self) -> None:
        self._process: ChildProcess | None = None
        self._ports: list[PortReservation] = []

    @abstractmethod
    def _spawn(self) -> ChildProcess:
        """Write the configuration and start the process."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client is served."""

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.running() else None

    def start(self, timeout: float = 60) -> None:
        """Start, or start again, and return when clients are served."""
        self.launch()
        self.wait_ready(timeout)

    def launch(self) -> None:
        """Start the process without waiting for it."""
        if self.pid:
            raise RuntimeError(f"{type(self).__name__} runs already")
        self._process = self._spawn()

    def wait_ready(self, timeout: float = 60) -> None:
        """Return when clients are served; StackError with the end of the log when that does not happen."""
        if self._process is None:
            raise RuntimeError("launch comes first")
        self._process.wait_until(self.answers, timeout)

    def stop(self, timeout: float = 20) -> None:
        """End the process in order; data and ports stay."""
        if self._process:
            self._process.stop(timeout)

    def kill(self) -> None:
        """End the process as a crash would."""
        if self._process:
            self._process.kill()

    def close(self) -> None:
        """Stop, and give the ports back."""
        self.stop()
        for port in self._ports:
            port.release()

    def _reserve(self, port: int | None, purpose: str) -> PortReservation:
        try:
            self._ports.append(PortReservation(port, purpose))
        except BaseException:
            self.close()  # nobody else can give back what was reserved before
            raise
        return self._ports[-1]
