"""Settings, read once at the edge from KPISTREAM_* environment variables (or a file of them)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from infra.security import SecuritySettings

#: What can be listened on or connected to.
Port = Annotated[int, Field(ge=1, le=65535)]
STAGES = ("intake", "crediting", "performance", "rollups")


class Settings(SecuritySettings):
    """What a process needs to know about its surroundings."""

    # errors must not show what was given: it may be a password
    model_config = SettingsConfigDict(env_prefix="KPISTREAM_", extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port, comma separated")
    clickhouse_host: str = Field("127.0.0.1", description="ClickHouse server")
    clickhouse_port: Port = Field(9000, description="ClickHouse native protocol port")
    clickhouse_http_port: Port = Field(8123, description="ClickHouse HTTP port, for BI tools")
    clickhouse_user: str = Field("writer", description="ClickHouse user of workers, sinks and migrations")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="its password")
    clickhouse_bi_user: str = Field("bi", description="ClickHouse user for reading")
    clickhouse_bi_password: SecretStr = Field(SecretStr(""), description="its password")
    partitions: int = Field(4, ge=1, le=1024, description="partitions of the internal topics")
    replication: int = Field(1, ge=1, description="replication factor of the topics")
    source_topics: Annotated[tuple[str, ...], NoDecode] = Field(
        ("events.sales", "events.service", "events.delivery", "events.activity"),
        description="business topics that intake reads, comma separated",
    )
    topics_taken_over: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="topic:id of topics that are copies of those before, record by record, comma separated"
    )
    mappings: Path | None = Field(None, description="YAML file: topic → mapping of its JSON to events")
    stages: Annotated[tuple[str, ...], NoDecode] = Field(
        STAGES, description="stages this worker runs, comma separated"
    )
    worker_id: str = Field(
        "",
        description="stable name of this process in its groups: a restart under it takes over at once",
    )
    group_prefix: str = Field("kpistream", description="prefix of the consumer groups")
    checkpoint_store: str = Field(
        "sinks.checkpoints:open_store", description="module:function that opens the checkpoint store"
    )
    checkpoint_seconds: float = Field(1.0, gt=0, description="time between checkpoints")
    update_seconds: float = Field(0.25, gt=0, description="time between KPI updates under load")
    max_batch_records: int = Field(40_000, ge=1, description="most records a batch may hold")
    max_event_bytes: int = Field(262_144, ge=1, description="records over this go to dead letters unread")
    stall_seconds: float = Field(120.0, gt=0, description="lag without progress for this long ends the process")
    command_patience_seconds: float = Field(
        120.0, ge=0, description="how long plan, close, adjustments and processes that start wait for Kafka"
    )
    web_host: str = Field("127.0.0.1", description="address of /metrics, /healthz, /readyz")
    web_port: Port = Field(6066, description="port of /metrics, /healthz, /readyz")
    faust_data: Path = Field(
        Path(tempfile.gettempdir()) / f"kpistream-faust-{os.getuid()}",
        description="folder that Faust wants for itself; nothing of value is in it",
    )
    alerts: Path | None = Field(None, description="YAML file: channels of alerts and who is told where")
    alerts_text: Path = Field(
        Path(".kpistream") / "alerts.txt", description="text file that alerts go to while there is no such YAML file"
    )
    log_format: str = Field("json", pattern="^(json|text)$", description="json or text")

    @field_validator("source_topics", "topics_taken_over", "stages", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("stages")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= set(STAGES):
            raise ValueError(f"it names some of {', '.join(STAGES)}")
        return value


def load_settings() -> Settings:
    """Settings from the environment; KPISTREAM_ENV_FILE (default: the newest local stack's) fills what is unset."""
    file = os.environ.get("KPISTREAM_ENV_FILE") or _local_stack()
    return Settings(_env_file=file)


def setting_problems(error: ValidationError) -> list[str]:
    """What is wrong with the settings, a line each, without their values."""
    return [
        f"KPISTREAM_{'_'.join(map(str, one['loc'])).upper()} is not usable: {one['msg'].removeprefix('Value error, ')}."
        if one["loc"]
        else one["msg"].removeprefix("Value error, ") + "."
        for one in error.errors()
    ]


def home() -> Path:
    """Folder of local stacks and runs: KPISTREAM_HOME, else .kpistream here."""
    return Path(os.environ.get("KPISTREAM_HOME") or ".kpistream")


def _local_stack() -> str | None:
    path = home() / "latest" / "connection.env"
    return str(path) if path.exists() else None
