"""`ganbench cost`: what cells cost beside what they give."""

import json

import pytest


def test_costs_stand_beside_scores(ganbench, results):
    rows = json.loads(ganbench("cost", results, "--json").stdout)
    by_name = {(row["dataset"], row["architecture"]): row for row in rows}
    row = by_name["ring8", "mlp(width=4, depth=1)"]
    assert row["n"] == 2
    assert row["train_seconds"] > 0
    assert row["generator_parameters"] == 2 * 4 + 4 + 4 * 2 + 2
    assert row["critic_parameters"] == 2 * 4 + 4 + 4 * 1 + 1
    assert row["generator_passes"] == 2 * 5  # one for each player's step
    assert row["score"] == "mmd(permutations=19) multi_rbf"
    assert row["joules"] is None
    assert row["front"] is True


def test_a_target_is_reached_or_not(ganbench, results):
    def reach(text):
        rows = json.loads(ganbench("cost", results, "--reach", text, "--json").stdout)
        return [row["reached"] for row in rows if row["dataset"] == "ring8"]

    name = "mmd(permutations=19)/multi_rbf"
    assert reach(f"{name}<=1e9") == [2]
    assert reach(f"{name}<=-1e9") == [0]
    assert reach(f"{name}>=-1e9") == [2]


def test_a_terminal_sees_stars(ganbench, results):
    result = ganbench("cost", results)
    assert result.exit_code == 0
    assert "G weights" in result.stdout
    assert "\n *" in result.stdout


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("nonsense", "Cannot read the target 'nonsense'"),
        ("a/b<=x", "Cannot read the target"),
        ("a/b<=1", "Running scores: mmd(permutations=19)/multi_rbf"),
    ],
)
def test_what_is_no_target_is_one_sentence(ganbench, results, target, told):
    result = ganbench("cost", results, "--reach", target)
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
