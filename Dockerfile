# Two stages: the first has uv and fills a virtual environment from uv.lock, the second has only Python and that
# environment. To try it: docker build -t nextline-cds . && docker run --rm -p 127.0.0.1:8080:8080 nextline-cds
#
# The root file system may be read-only. What is written lies in two places: /tmp (metrics and heartbeats of the
# workers, may be in memory) and /var/lib/nextline (SQLite and key in development, the spool always: a real volume).
#     docker run --read-only --tmpfs /tmp -v nextline:/var/lib/nextline -p 127.0.0.1:8080:8080 nextline-cds

# A release is built from the digest behind this tag: --build-arg PYTHON_IMAGE=python@sha256:...
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/nextline \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
# Packages first: they change seldom, so this layer is kept when only the code changes.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project --extra postgres --extra otel
COPY README.md LICENSE NOTICE ./
COPY mappings mappings
COPY fixtures/patient-view fixtures/patient-view
COPY cds_service cds_service
COPY tools/checksums.py tools/checksums.py
# Sealed as in the wheel: a code table with any other byte keeps the service from starting.
RUN python tools/checksums.py \
    && uv sync --frozen --no-dev --no-editable --extra postgres --extra otel

FROM ${PYTHON_IMAGE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Nextline CDS" \
      org.opencontainers.image.description="CDS Hooks service: next class of therapy in membranous and lupus nephritis" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN python -m pip uninstall --yes --quiet pip setuptools wheel \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/nextline --shell /usr/sbin/nologin nextline \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/nextline
COPY --from=build /opt/nextline /opt/nextline
USER 10001:10001
WORKDIR /var/lib/nextline
VOLUME ["/var/lib/nextline"]
# Inside a container the address is the container's own; the orchestrator decides who reaches it.
ENV PATH=/opt/nextline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CDS_HOST=0.0.0.0 \
    CDS_PORT=8080 \
    CDS_SPOOL_DIR=/var/lib/nextline/spool
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"CDS_PORT\"]}/health/ready', timeout=2)"]
# The master passes it on: workers finish what has begun, within CDS_REQUEST_TIMEOUT.
STOPSIGNAL SIGTERM
# Our worker, its threads and preloading are set there, from the CDS_ settings.
CMD ["gunicorn", "-c", "python:cds_service.gunicorn_settings", "--no-control-socket"]
