# The builder makes the wheel with the locked tools of the project and installs it into an environment that
# holds exactly requirements.lock; the image is that environment, Python and git, nothing else.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /tools \
 && /tools/bin/pip install --require-hashes --requirement requirements-dev.lock
RUN python -m venv --without-pip /opt/alumiini \
 && pip --python /opt/alumiini/bin/python install --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY alumiini_py ./alumiini_py
COPY supervisor ./supervisor
COPY workers ./workers
COPY webhooks ./webhooks
COPY deploy ./deploy
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/alumiini/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:${PYTHON}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=65532 --group=65532 --mode=0700 /data
COPY --from=builder /opt/alumiini /opt/alumiini
# Everything below works on a read-only root file system: it writes to /data and /tmp only.
ENV PATH=/opt/alumiini/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ALUMIINI_DATA_DIR=/data
WORKDIR /
USER 65532:65532
EXPOSE 9292 9440
ENTRYPOINT ["alumiini"]
CMD ["run"]
