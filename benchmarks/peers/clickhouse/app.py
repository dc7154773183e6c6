"""ClickHouse's Kafka engine: materialized views add up; once a second a query looks for tiers that were reached."""

import os
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent


def ask(query: str) -> None:
    """Run a statement."""
    urllib.request.urlopen(os.environ["BENCH_CLICKHOUSE"], data=query.encode(), timeout=60).read()


def main(consumers: int) -> None:
    """Set up, then ask every second until the process is ended."""
    settings = {name.removeprefix("BENCH_"): value for name, value in os.environ.items() if name.startswith("BENCH_")}
    settings["CONSUMERS"] = str(consumers)

    def text(name: str) -> str:
        written = (HERE / name).read_text()
        for setting, value in settings.items():
            written = written.replace("{" + setting + "}", value)
        return written

    for statement in text("setup.sql").split(";\n"):
        if statement.strip():
            ask(statement)
    awards = text("awards.sql")
    while True:
        began = time.monotonic()
        ask(awards)
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
