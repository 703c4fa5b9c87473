# syntax=docker/dockerfile:1
ARG PYTHON=python:3.11-slim-bookworm

# --- What is installed, and the files that the web server hands out -------------------------------------------
FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --no-deps -r requirements/base.txt
COPY . .
# No secret is needed to collect the static files.
RUN python bin/lib/compile_messages.py locale \
    && DJANGO_SETTINGS_MODULE=console.settings.collect python manage.py collectstatic --no-input --verbosity 0

# --- What runs ------------------------------------------------------------------------------------------------
FROM ${PYTHON} AS run
RUN groupadd --system --gid 10001 havip \
    && useradd --system --uid 10001 --gid havip --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin havip \
    && install --directory --owner 10001 --group 10001 /schedule
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=console.settings.production
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "console.probe", "http://127.0.0.1:8000/healthz/ready/"]
CMD ["gunicorn", "--config", "python:console.serving", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "32"]
