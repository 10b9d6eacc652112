# The command line, for a job or a server: docker build -t chaninfra . && docker run --rm chaninfra --help
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE CHANGELOG.md requirements.lock ./
COPY tools/pins.py tools/
COPY schemas schemas
COPY infra infra
COPY cli cli
RUN python tools/pins.py > pins.txt
RUN python -m venv /opt/build && /opt/build/bin/python -m pip install --no-cache-dir -c pins.txt \
    hatchling hatch-fancy-pypi-readme
RUN /opt/build/bin/python -m hatchling build -t wheel -d wheels
RUN python -m venv /opt/chaninfra && /opt/chaninfra/bin/python -m pip install --no-cache-dir -c pins.txt wheels/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="chaninfra" org.opencontainers.image.licenses="BSD-3-Clause"
RUN useradd --uid 10001 --create-home chaninfra
COPY --from=build /opt/chaninfra /opt/chaninfra
ENV PATH=/opt/chaninfra/bin:$PATH
# By number, so that Kubernetes can see that it is not root.
USER 10001
WORKDIR /home/chaninfra
ENTRYPOINT ["chaninfra"]
