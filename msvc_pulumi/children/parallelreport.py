"""What there is to say of ``parallelism`` beside a command line: all of it warnings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from msvc_pulumi.api.podsection import Parallelism
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.modelserver import ModelServer, effective_sizes
from msvc_pulumi.commandline.parallelsizes import flag_name
from msvc_pulumi.commandline.reader import SGLANG, Dialect
from msvc_pulumi.errors import FieldPath, Label, Span

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    context: BuildContext
    child: Child
    at: FieldPath

    def origin(self, name: str) -> Origin:
        field = self.at.child(name) if name else self.at
        return Origin("model service", partial(self.context.document.span, field))

    def unused_tensor(self, tensor: int, server: ModelServer) -> None:
        assert server.stated is not None  # noqa: S101  of known servers only
        stated = server.stated.text("tensor")
        unknown = stated is not None and server.stated.number("tensor") is None
        if tensor == 1 or stated == str(tensor) or unknown or (stated is None and server.is_fixed):
            return
        self._warn(
            "parallelism-not-applied",
            f"tensor: {tensor} has no effect by itself"
            + (f"; {flag_name('tensor', server.stated.dialect)} is {stated}" if stated else ""),
            "tensor",
            "state pipeline: 1 beside it to have flags and accelerators made from it, or use "
            "the template variables DecodeTensorParallelism and PrefillTensorParallelism",
            self.child.origin(server.place.child("args")).span if stated else None,
        )

    def expert(self, asked: Parallelism, server: ModelServer | None) -> None:
        if (asked.expert or 1) == 1:
            return
        stated = server.stated if server else None
        sizes = effective_sizes(asked, stated)
        if isinstance(sizes, str):
            return
        if stated is not None and stated.dialect is SGLANG:
            name, product, what = "SGLang", sizes.tensor, "tensor"
        else:
            context = (stated.number("context") if stated else None) or 1
            name, product, what = "vLLM", sizes.tensor * context * sizes.data, "tensor x data"
            if context > 1:
                what = "tensor x prefill context x data"
        if asked.expert != product:
            self._warn(
                "parallelism-mismatch",
                f"expert: {asked.expert} is not {what}, which is {product}",
                "expert",
                f"{name} always spreads the experts over {what} accelerators",
            )

    def not_applied(self, why: str, what: str = "no flags are added") -> None:
        self._warn(
            "parallelism-not-applied",
            f"{what}: {why}",
            "",
            "use the template variables, such as DecodeTensorParallelism, in the container's "
            "args or script",
        )

    def apart(self, nodes: int, dialect: Dialect) -> None:
        other = "" if dialect is SGLANG else " or --distributed-executor-backend ray"
        self._warn(
            "nodes-apart",
            f"{nodes} pods make up a replica, but {dialect.name} is not told of the others",
            "",
            f"state --nnodes and --node-rank{other}, for each pod its own, for example by "
            "$(LWS_WORKER_INDEX)",
        )

    def other_nodes(self, nodes: int, told: int) -> None:
        self._warn(
            "parallelism-mismatch",
            f"{nodes} pods make up a replica, but --nnodes is {told}",
            "",
            "state the same in multiNode.size and in --nnodes, for example as {{ .DecodeNodes }}",
        )

    def uneven(self, what: str, nodes: int, product: str) -> None:
        self._warn(
            "parallelism-mismatch",
            f"{what} do not spread evenly over {nodes} pods; no accelerators are requested",
            "",
            f"{product} must be a multiple of multiNode.size",
        )

    def mismatch(
        self, name: str, value: int, found: str, server: ModelServer, meaning: str = ""
    ) -> None:
        """Tell that the server's command line differs from what ``parallelism`` asks for."""
        program, stated = server.program, server.stated
        statement = stated.statements.get(meaning or name) if stated else None
        lead = len(program.lead)
        args = server.place.child("args")
        if statement is None or server.is_fixed:
            self.differs(f"{name}: {value}", name, found, args)
        elif statement.start < lead:
            self.differs(f"{name}: {value}", name, found, server.place.child("command"))
        else:
            word = statement.start - lead + program.skip
            self.differs(f"{name}: {value}", name, found, args.child(word))

    def differs(self, wanted: str, name: str, found: str, place: FieldPath) -> None:
        span = self.child.origin(place).span
        self._warn(
            "parallelism-mismatch",
            f"parallelism asks for {wanted}, but {found}",
            name,
            f"change {self.child.field(place)}"
            + (f" ({span})" if span else "")
            + ", or take it away to have it made from parallelism",
            span,
        )

    def _warn(
        self, code: str, summary: str, name: str, advice: str, other: Span | None = None
    ) -> None:
        field = self.at.child(name) if name else self.at
        self.context.diagnostics.warning(
            code,
            summary,
            field=field,
            span=self.context.document.span(field),
            related=(Label(other, "stated here"),) if other else (),
            help=advice,
        )
