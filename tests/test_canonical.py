"""Canonical text: whole or in parts, the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.canonical import joined, written

KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(KEYS, PLAIN))
def test_what_is_joined_is_what_would_be_written(data):
    assert joined({key: written(value) for key, value in data.items()}) == written(data)


def test_order_does_not_matter_and_numbers_are_finite():
    assert written({"b": 1, "a": "é"}) == '{"a": "\\u00e9", "b": 1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(float("nan"))
