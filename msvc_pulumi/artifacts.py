"""Where a model comes from: URIs to the volume, mount, environment and paths that make it readable.

Forms, volumes and error texts of ``hf://`` and ``pvc://`` are the original's
(``internal/controller/utils.go``); ``pvc+hf://`` follows the llm-d chart; ``oci://`` and
``oci+native://`` are image volumes (KEP-4639), which the original announced and never built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msvc_pulumi.errors import Diagnostic, FieldPath, Severity
from msvc_pulumi.pattern import pattern

__all__ = [
    "HF_HOME",
    "MODEL_VOLUME_NAME",
    "MOUNT_PATH",
    "SCHEMES",
    "ModelArtifact",
    "parse_artifact",
    "unused_fields",
]

MODEL_VOLUME_NAME = "model-storage"
MOUNT_PATH = "/model-cache"
HF_HOME = "HF_HOME"
HF_TOKEN = "HF_TOKEN"  # noqa: S105  the variable's name, and the key inside the Secret
URI = FieldPath.of("spec", "modelArtifacts", "uri")

# Which schemes read each field beside the URI.
READERS = {
    "authSecretName": ("hf", "pvc+hf", "oci", "oci+native"),
    "size": ("hf",),
    "pullPolicy": ("oci", "oci+native"),
}
_TAG = pattern(r":[^/:]*$")
_COMPONENT = pattern(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_DIGEST = pattern(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")

FORMS = (
    "hf://<organisation>/<model>",
    "hf://<model>",
    "pvc://<claim>/<path>",
    "pvc+hf://<claim>/<path to hub>/<organisation>/<model>",
    "oci://<image reference>[::<path>]",
    "oci+native://<image reference>::<path>",
)


class ModelArtifact(NamedTuple):
    """A model's location, ready for pods: paths for templates; volume, mount and env for builders.

    ``model_path`` is the original's ``.ModelPath``, ``mounted_model_path`` its
    ``.MountedModelPath``, ``hf_model_name`` its ``.HFModelName``. ``storage`` is true of a model
    that is downloaded: where to is a matter of the BaseConfig too. ``problem`` is why nothing can
    be mounted: there is no volume then, but variables have the original's values.
    """

    model_path: str
    mounted_model_path: str
    volume: dict[str, Any]
    read_only: bool
    hf_model_name: str = ""
    env: tuple[dict[str, Any], ...] = ()
    pull_secret: str = ""
    storage: bool = False
    problem: Diagnostic | None = None

    @property
    def mount(self) -> dict[str, Any]:
        mount: dict[str, Any] = {"name": MODEL_VOLUME_NAME, "mountPath": MOUNT_PATH}
        return {**mount, "readOnly": True} if self.read_only else mount


def parse_artifact(
    uri: str, *, auth_secret_name: str | None = None, size: Any = None, pull_policy: str = ""
) -> ModelArtifact | Diagnostic:
    """The artifact that ``uri`` names, or the diagnostic that says which forms are accepted.

    A malformed ``hf://`` or ``pvc://`` is an artifact with a ``problem``: the original worked with
    it as long as nobody mounted the model, and simulators are given placeholders.
    The scheme is compared case-sensitively and nothing is trimmed, as in the original.
    ``size`` bounds the emptyDir of an ``hf://`` model; ``pull_policy`` is for images only.
    """
    scheme, separator, rest = uri.partition("://")
    parser = _PARSERS.get(scheme) if separator else None
    if parser is None:
        return _problem("unsupported prefix", uri, code="unsupported-uri", go="unsupported prefix")
    if auth_secret_name == "":
        return Diagnostic(
            "invalid-value",
            'Invalid value: "": must name a Secret, or be left out',
            field=URI.parent.child("authSecretName"),
            help="remove authSecretName for a public model",
        )
    return parser(uri, rest, Settings(auth_secret_name or "", size, pull_policy))


def unused_fields(uri: str, stated: dict[str, Any]) -> Iterator[Diagnostic]:
    """A warning for every field of ``spec.modelArtifacts`` that models of this scheme do not read.

    The original ignored them silently.
    """
    scheme = uri.partition("://")[0]
    for name, readers in READERS.items():
        if stated.get(name) is not None and scheme not in readers:
            yield Diagnostic(
                "unused-field",
                f"{name} is ignored: a model at {scheme}:// does not need it",
                Severity.WARNING,
                URI.parent.child(name),
                help="it is for " + ", ".join(f"{reader}://" for reader in readers),
            )


class Settings(NamedTuple):
    """What ``spec.modelArtifacts`` says beside the URI."""

    secret: str
    size: Any
    pull_policy: str


def _problem(message: str, uri: str, *, code: str = "invalid-uri", go: str = "") -> Diagnostic:
    return Diagnostic(
        code,
        f'Invalid value: "{uri}": {message}',
        field=URI,
        go=go,
        help="accepted forms: " + ", ".join(FORMS),
    )


def _token(secret: str) -> tuple[dict[str, Any], ...]:
    if not secret:
        return ()
    reference = {"secretKeyRef": {"name": secret, "key": HF_TOKEN}}
    return ({"name": HF_TOKEN, "valueFrom": reference},)


def _volume(**source: Any) -> dict[str, Any]:
    return {"name": MODEL_VOLUME_NAME, **source}


def _unmountable(artifact: ModelArtifact, uri: str, go: str) -> ModelArtifact:
    """``artifact`` as the original has it for a malformed ``uri``: without its volume."""
    return artifact._replace(volume={}, problem=_problem(go, uri, go=go))


def _hugging_face(uri: str, rest: str, settings: Settings) -> ModelArtifact:
    """Models without an organisation, such as gpt2, are on the hub too."""
    segments = rest.split("/")
    empty_dir = {} if settings.size is None else {"sizeLimit": settings.size}
    artifact = ModelArtifact(
        model_path=rest,
        mounted_model_path=MOUNT_PATH,
        volume=_volume(emptyDir=empty_dir),
        read_only=False,
        hf_model_name=rest,
        env=(*_token(settings.secret), {"name": HF_HOME, "value": MOUNT_PATH}),
        storage=True,
    )
    if len(segments) > 2 or not all(segments):
        go = f"invalid hf URI format: {uri}; need hf://<repo-id>/<model-id>"
        return _unmountable(artifact, uri, go)
    return artifact


def _claim(claim: str) -> dict[str, Any]:
    return _volume(persistentVolumeClaim={"claimName": claim, "readOnly": True})


def _persistent_volume_claim(uri: str, rest: str, _: Settings) -> ModelArtifact:
    claim, slash, path = rest.partition("/")
    artifact = ModelArtifact(
        model_path=path,
        mounted_model_path=f"{MOUNT_PATH}/{path}" if slash else "",
        volume=_claim(claim),
        read_only=True,
    )
    if not slash or not claim:
        go = f"invalid pvc URI format: {uri}; need pvc://<pvc-name>/model/path"
        return _unmountable(artifact, uri, go)
    return artifact


def _hugging_face_cache(uri: str, rest: str, settings: Settings) -> ModelArtifact | Diagnostic:
    """A Hugging Face hub cache on a claim: the last two segments name the model."""
    claim, *segments = rest.split("/")
    if not claim or len(segments) < 2 or not all(segments):
        return _problem("needs a claim, a path to the hub cache, and organisation/model", uri)
    model = "/".join(segments[-2:])
    cache = "/".join((MOUNT_PATH, *segments[:-2]))
    return ModelArtifact(
        model_path=model,
        mounted_model_path=cache,
        volume=_claim(claim),
        read_only=True,
        hf_model_name=model,
        env=(*_token(settings.secret), {"name": "HF_HUB_CACHE", "value": cache}),
    )


def _image(
    uri: str, rest: str, settings: Settings, *, path_required: bool
) -> ModelArtifact | Diagnostic:
    reference, *paths = rest.split("::")
    if not reference or len(paths) > 1 or (path_required and not paths):
        paths_wanted = "one ::<path>" if path_required else "at most one ::<path>"
        return _problem(f"need an image reference and {paths_wanted}", uri)
    if any(character.isspace() for character in reference):
        return _problem("an image reference has no blanks", uri)
    digest = reference.partition("@")[2]
    if "@" in reference and not _DIGEST.fullmatch(digest):
        return _problem("a digest is sha256: and 64 hexadecimal digits", uri)
    repository = _repository(reference)
    if not all(map(_COMPONENT.fullmatch, repository.split("/"))):
        return _problem(f'"{repository}" is no image repository: they are in lower case', uri)
    path = paths[0].strip("/") if paths else ""
    if ".." in path.split("/"):
        return _problem("the path must stay inside the image", uri)
    image = {"reference": reference}
    if settings.pull_policy:
        image["pullPolicy"] = settings.pull_policy
    return ModelArtifact(
        model_path=path,
        mounted_model_path=f"{MOUNT_PATH}/{path}" if path else MOUNT_PATH,
        volume=_volume(image=image),
        read_only=True,
        pull_secret=settings.secret,
    )


def _repository(reference: str) -> str:
    """An image reference without host, tag and digest; after distribution's reference grammar."""
    name = _TAG.sub("", reference.partition("@")[0])
    host, _, rest = name.partition("/")
    return rest if rest and (host == "localhost" or "." in host or ":" in host) else name


def _oci(uri: str, rest: str, settings: Settings) -> ModelArtifact | Diagnostic:
    return _image(uri, rest, settings, path_required=False)


def _oci_native(uri: str, rest: str, settings: Settings) -> ModelArtifact | Diagnostic:
    return _image(uri, rest, settings, path_required=True)


_PARSERS: dict[str, Callable[[str, str, Settings], ModelArtifact | Diagnostic]] = {
    "hf": _hugging_face,
    "pvc": _persistent_volume_claim,
    "pvc+hf": _hugging_face_cache,
    "oci": _oci,
    "oci+native": _oci_native,
}
SCHEMES = tuple(_PARSERS)
