"""/metrics, /healthz and /readyz on Faust's web server."""

from __future__ import annotations

from collections.abc import Callable

import faust
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


def add_pages(app: faust.App, waiting_for: Callable[[], list[str]]) -> None:
    """Serve the pages; ``waiting_for()`` lists what the process still lacks before it does its work."""

    @app.page("/metrics")
    async def metrics_page(web, request):
        return web.bytes(generate_latest(), content_type=CONTENT_TYPE_LATEST.split(";")[0])

    @app.page("/healthz")
    async def health_page(web, request):
        return web.json({"status": "alive"})

    @app.page("/readyz")
    async def ready_page(web, request):
        waiting = waiting_for()
        status = {"status": "waiting" if waiting else "ready", "waiting_for": waiting}
        return web.json(status, status=503 if waiting else 200)
