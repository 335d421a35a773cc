"""`may_stand`: where in the arguments of a `ModelService` an Output may stand."""

from msvc_pulumi.errors import Diagnostic, FieldPath

__all__ = ["may_stand", "refusal"]

ANY, REST = "*", "**"
ROLES = ("decode", "prefill", "endpointPicker")
CONTAINER = ("image", "command *", "args *", "env * value", "env * valueFrom **", "envFrom * **")
SPEC = (
    "modelArtifacts authSecretName",
    "routing gatewayRefs * name",
    "routing gatewayRefs * namespace",
    *(f"{role} priorityClassName" for role in ROLES),
    *(f"{role} tolerations * value" for role in ROLES),
    *(f"{role} acceleratorTypes labelValues *" for role in ROLES),
    *(f"{role} autoscaling keda triggers * metadata *" for role in ROLES),
    *(
        f"{role} {part}{containers} * {field}"
        for role in ROLES
        for part in ("", "multiNode leader ")
        for containers in ("containers", "initContainers")
        for field in CONTAINER
    ),
)
PLACES = tuple(
    tuple(place.split())
    for place in (
        "namespace",
        "epp_cluster_role",
        "epp_pull_secrets *",
        "pd_pull_secrets *",
        "model_service metadata namespace",
        *(f"model_service spec {place}" for place in SPEC),
    )
)


def may_stand(at: FieldPath) -> bool:
    """Whether what stands at ``at`` is given to the objects as it is, and decides nothing else."""
    return any(_is_at(at, place) for place in PLACES)


def refusal(at: FieldPath, *notes: str) -> Diagnostic:
    """What is wrong with an Output at ``at``."""
    return Diagnostic(
        "output-in-arguments",
        "the value is a Pulumi Output, and decides what is declared",
        field=at,
        notes=notes,
        help="state it plainly: a name that you give to the other resource too, with depends_on "
        "for the order; of configuration, get() or require() instead of their secret forms",
    )


def _is_at(at: FieldPath, place: tuple[str, ...]) -> bool:
    if place[-1] == REST:
        at, place = FieldPath(at[: len(place) - 1]), place[:-1]
    return len(at) == len(place) and all(
        isinstance(step, int) or place[-2:] == ("metadata", ANY)
        if wanted == ANY
        else step == wanted
        for step, wanted in zip(at, place, strict=True)
    )
