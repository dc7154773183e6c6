"""How to reach a running stack: as a value, as environment variables, as a file."""

import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.local.clickhouse import write_private

FILE_NAME = "connection.env"


@dataclass(frozen=True)
class Connection:
    """Addresses and accounts. Each field is the environment variable KPISTREAM_<FIELD>."""

    kafka_bootstrap: str
    clickhouse_host: str
    clickhouse_port: int
    clickhouse_http_port: int
    clickhouse_user: str
    clickhouse_password: str = field(repr=False)
    clickhouse_bi_user: str
    clickhouse_bi_password: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """The variables that point our commands at this stack."""
        return {f"KPISTREAM_{name.upper()}": str(value) for name, value in asdict(self).items()}

    def public_lines(self) -> list[str]:
        """The variables as lines, without the passwords: fit for a terminal or a log."""
        return [f"{name}={value}" for name, value in self.environment().items()
                if not name.endswith("PASSWORD")]

    def write(self, data_dir: Path) -> Path:
        """Write the file of variables, readable by its owner only; a shell can source it."""
        path = data_dir / FILE_NAME
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in self.environment().items()]
        write_private(path, "".join(lines))
        return path

    @classmethod
    def read(cls, data_dir: Path) -> "Connection":
        """The connection that `write` left in a data folder."""
        pairs = (word.partition("=") for word in shlex.split((data_dir / FILE_NAME).read_text()))
        values = {name.removeprefix("KPISTREAM_").lower(): value for name, _, value in pairs}
        ports = {name: int(values.pop(name)) for name in ("clickhouse_port", "clickhouse_http_port")}
        return cls(**values, **ports)  # type: ignore[arg-type]
