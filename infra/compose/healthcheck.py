"""Docker's health check for kpistream processes: ``python -m infra.compose.healthcheck [PORT]``."""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException

from infra.settings import load_settings

#: Docker's own limit comes after this one, so that the sentence below is what its log shows.
_TIMEOUT_SECONDS = 4


def check(port: int, host: str = "127.0.0.1") -> str | None:
    """None when /healthz of this port answers 200, else what is wrong in one sentence."""
    place = f"http://{host}:{port}/healthz"
    connection = HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"{place} does not answer: {error}"
    finally:
        connection.close()
    return None if status == 200 else f"{place} answers {status}, expected 200"


def main(arguments: list[str]) -> int:
    """Exit code for Docker: 0 healthy, 1 not. Without a port it is the one of KPISTREAM_WEB_PORT."""
    problem = check(int(arguments[0]) if arguments else load_settings().web_port)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
