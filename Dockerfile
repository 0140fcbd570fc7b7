# Two stages: the first has uv and fills a virtual environment from uv.lock, the second has only Python and that
# environment. `docker build -t nextline-cds . && docker run --rm -p 8080:8080 nextline-cds`

FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/nextline \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
# Packages first: they change seldom, so this layer is kept when only the code changes.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE NOTICE ./
COPY mappings mappings
COPY fixtures/patient-view fixtures/patient-view
COPY cds_service cds_service
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.11-slim-bookworm
RUN python -m pip uninstall --yes --quiet pip setuptools wheel \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin nextline
COPY --from=build /opt/nextline /opt/nextline
USER 10001
WORKDIR /home/nextline
# Inside a container the address is the container's own; the orchestrator decides who reaches it.
ENV PATH=/opt/nextline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CDS_HOST=0.0.0.0 \
    CDS_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"CDS_PORT\"]}/health/ready', timeout=2)"]
STOPSIGNAL SIGTERM
# gthread workers and preload are set there, from the CDS_ settings.
CMD ["gunicorn", "-c", "python:cds_service.gunicorn_settings", "--no-control-socket"]
