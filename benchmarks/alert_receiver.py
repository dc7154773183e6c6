"""Somebody who is told: an HTTP server that notes when each alert came, and the alerts process that sends them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.worker import Worker


class Receiver:
    """Accepts every alert. ``came``, by request: (ms since the epoch, id of the event, award id, state)."""

    def __init__(self) -> None:
        self.came: list[tuple[float, str, str, str]] = []
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                now = time.time() * 1000
                alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                came.append((now, alert["award"]["cause"]["id"], alert["award"]["award_id"], alert["state"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Requests are not worth a line."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def start_alerts(environment: dict[str, str], folder: Path, receiver: Receiver) -> Worker:
    """The alerts process with one channel, the receiver; returns when it is ready."""
    file = folder / "alerts.yaml"
    file.write_text(f"channels: {{receiver: {{webhook: '{receiver.url}'}}}}\nroutes: [{{to: [receiver]}}]\n")
    process = Worker(environment | {"KPISTREAM_ALERTS": str(file)}, folder / "alerts.log", ("alerts", "run"))
    process.wait_ready()
    return process
