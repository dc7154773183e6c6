# kpistream's image: `docker compose build`, or `docker build -t kpistream:0.1.0 .`
FROM python:3.11-slim-bookworm AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# For what is compiled of our own (schemas/native, runtime/native).
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libxxhash-dev
# Requirements before sources: a change of ours leaves this layer, the large one, in Docker's cache.
COPY requirements.txt infra/compose/build-requirements.txt ./
# Only wheels: a source package would run code of its own.
RUN python -m venv /opt/kpistream \
 && /opt/kpistream/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements.txt
RUN python -m venv /opt/tools \
 && /opt/tools/bin/pip install --require-hashes --no-deps --only-binary :all: -r build-requirements.txt
COPY pyproject.toml README.md requirements.in ./
COPY schemas schemas
COPY streams streams
COPY runtime runtime
COPY sinks sinks
COPY infra infra
RUN /opt/kpistream/bin/python -m infra.build_native && test -e schemas/native/events.so -a -e schemas/native/lookups.so -a -e runtime/native/records.so
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheel . \
 && /opt/kpistream/bin/pip install --no-deps --no-index /opt/wheel/*.whl \
 && /opt/kpistream/bin/pip check

FROM python:3.11-slim-bookworm
# A fixed number, so that owners of volumes stay the same from image to image.
RUN groupadd --gid 10001 kpistream \
 && useradd --uid 10001 --gid kpistream --no-create-home --home-dir /var/lib/kpistream --shell /usr/sbin/nologin kpistream \
 && install --directory --owner kpistream --group kpistream /var/lib/kpistream
# The same path as in the builder: scripts of a virtual environment name their interpreter in full.
COPY --from=builder /opt/kpistream /opt/kpistream
COPY plans /opt/kpistream/plans
ENV PATH=/opt/kpistream/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 KPISTREAM_WEB_HOST=0.0.0.0
WORKDIR /var/lib/kpistream
USER kpistream
EXPOSE 6066
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-m", "infra.compose.healthcheck"]
ENTRYPOINT ["kpistream"]
CMD ["--help"]
