"""Child names and labels: the original's below the length limit, unique above it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.naming import MAX_NAME_LENGTH, ChildNames, model_label, sanitize

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def all_names(owner: str) -> list[str]:
    names = ChildNames(owner)
    return [
        *(names.deployment(role) for role in ("prefill", "decode")),
        *(names.service(role) for role in ("prefill", "decode")),
        names.service_account,
        names.epp_deployment,
        names.epp_service,
        names.epp_service_account,
        names.epp_role,
        names.epp_role_binding,
        names.http_route,
        names.inference_pool,
    ]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("facebook/opt-125m", "facebook-opt-125m"),
        ("  My_Model..V2--x!  ", "my-model-v2--x"),
        ("İK", "ik"),
        ("...", ""),
        ("", ""),
        ("a" * 62 + "/z", "a" * 62),
    ],
)
def test_sanitize(text: str, want: str) -> None:
    """Case is lowered, other characters become one dash, ends are trimmed, also after the cut."""
    assert want == sanitize(text)


def test_short_names_are_the_originals() -> None:
    """Below the limit a child is named by its owner and a suffix."""
    names = ChildNames("granite")

    assert names.deployment("decode") == "granite-decode"
    assert names.service("prefill") == "granite-service-prefill"
    assert names.epp_role_binding == "granite-epp-rolebinding"
    assert names.inference_model == "granite"


@given(st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,250}", fullmatch=True))
def test_names_are_valid_and_distinct(owner: str) -> None:
    """Every child of one ModelService has a valid DNS label for a name, and its own."""
    names = all_names(owner)

    assert all(LABEL.fullmatch(name) and len(name) <= MAX_NAME_LENGTH for name in names)
    assert len(set(names)) == len(names)


@given(st.text("ab-", min_size=55, max_size=90), st.text("ab-", min_size=55, max_size=90))
def test_long_owners_do_not_collide(first: str, second: str) -> None:
    """ModelServices of different names have different children, however long the names (Q27)."""
    left, right = "x" + first + "x", "x" + second + "x"

    assert (left == right) == (all_names(left) == all_names(right))


@given(st.text(max_size=100))
def test_model_labels_are_label_values(model: str) -> None:
    """The model label is empty or a valid label value (Q28)."""
    label = model_label(model)

    assert label == "" or (LABEL.fullmatch(label) and len(label) <= MAX_NAME_LENGTH)
