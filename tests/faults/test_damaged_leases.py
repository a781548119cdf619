"""Damaged leases and signs of life hold nobody up, and cost no driver that lives its work."""

import time

import pytest

from ganbench.store import Store
from ganbench.store.leases import Leases


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.create()
    return store


@pytest.mark.parametrize("harm", [b"", b"\xff", b"../../x", b"{", b"0" * 16])
def test_a_damaged_lease_is_free(store, harm):
    with Leases(store).held() as first, Leases(store).held() as second:
        assert first.claim(["a"]) == ""
        assert second.claim(["a"]) != ""
        (store.folder / ".work" / "leases" / "a").write_bytes(harm)
        assert second.claim(["a"]) == ""


@pytest.mark.parametrize("harm", [b"", b"{}", b"\xff\x00"])
def test_a_damaged_sign_of_life_counts_for_a_while_and_no_longer(store, harm):
    with Leases(store).held() as first, Leases(store, patience=0.3).held() as second:
        assert first.claim(["a"]) == ""
        sign = store.folder / ".work" / "drivers" / f"{first.me}.json"
        sign.write_bytes(harm)
        assert second.claim(["a"]) != ""
        deadline = 100
        while second.claim(["a"]):
            deadline -= 1
            assert deadline, "it waits for ever"
            time.sleep(0.02)
