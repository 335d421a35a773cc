# One image: the operator, and the workspaces of the Pulumi Kubernetes Operator (--executor pko).
# The versions are those of tools/pulumi and of the lock; tests/unit/test_dockerfile.py compares them.
ARG PYTHON_VERSION=3.12
ARG PULUMI_VERSION=3.276.0

# The engine, its Python language host and the Kubernetes plugin.
FROM pulumi/pulumi-python:${PULUMI_VERSION} AS engine
ARG KUBERNETES_PLUGIN_VERSION=4.34.2
ENV PULUMI_HOME=/plugins
RUN pulumi plugin install resource kubernetes ${KUBERNETES_PLUGIN_VERSION} \
 && mkdir -p /opt/pulumi/bin \
 && cp /pulumi/bin/pulumi /pulumi/bin/pulumi-language-python* /opt/pulumi/bin/ \
 && cp /plugins/plugins/resource-kubernetes-v${KUBERNETES_PLUGIN_VERSION}/pulumi-resource-kubernetes \
       /opt/pulumi/bin/

# This project in an environment of its own, with nothing that the lock has no hash of: all of the lock
# is downloaded and checked, what is needed of it is installed from there. pip, setuptools and wheel
# stay: `pulumi install`, which every workspace runs, asks for them and finds them satisfied.
FROM python:${PYTHON_VERSION}-slim AS package
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/msvc
WORKDIR /source
COPY requirements.lock pyproject.toml setup.py README.md LICENSE NOTICE ./
RUN /opt/msvc/bin/pip download --require-hashes --requirement requirements.lock --dest /wheels \
 && /opt/msvc/bin/pip install --upgrade --no-index --find-links /wheels setuptools wheel
COPY components components
COPY msvc_pulumi msvc_pulumi
RUN /opt/msvc/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/msvc/bin/pip install --no-index --find-links /wheels "msvc-pulumi[operator,s3,postgres]"

FROM python:${PYTHON_VERSION}-slim
COPY --from=engine /opt/pulumi/bin /opt/pulumi/bin
COPY --from=package /opt/msvc /opt/msvc
COPY workspace /opt/modelservice
ENV PATH=/opt/msvc/bin:/opt/pulumi/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PULUMI_SKIP_UPDATE_CHECK=true
# In a workspace it is 1000 instead, as the Pulumi Kubernetes Operator says; nothing is written here.
USER 65532:65532
ENTRYPOINT ["msvc"]
CMD ["operator", "run"]
