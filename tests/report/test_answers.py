"""What is said first: what is best, by how much and how sure that is."""

import re

import numpy as np
import pandas as pd
import pytest

from ganbench.comparison import compare
from ganbench.comparison.wording import TIMES
from ganbench.report import answers
from ganbench.report.answers import answer, budget, overall
from ganbench.report.tables import summary
from tests.comparison.frames import tidy


def test_one_seed_claims_no_interval_and_a_tie_has_no_winner(results):
    frame = results.frame
    lonely = summary(frame[(frame["dataset"] == "ring8") & (frame["seed"] == 0)])
    said = answer(lonely.sections[0])
    assert "one seed, hence no interval" in said
    assert "pairs of seeds" not in said
    same = frame[(frame["dataset"] == "ring8") & frame["status"].eq("ok")].assign(value=1.0)
    assert "also best" not in answer(summary(same).sections[0])


def test_the_answer_ranks_by_scores_that_have_a_better_side(results):
    def said(sides):
        frame = results.frame.assign(better=results.frame["better"].replace(sides))
        return answer(summary(frame).sections[0])

    assert "is best by covered share" in said({"lower": "neither"})
    assert "no score here has a better side" in said({"lower": "neither", "higher": "neither"})


def test_the_next_best_is_named_among_the_rivals(results):
    ring = results.frame[results.frame["dataset"].eq("ring8")]
    small = ring[ring["discriminator"].eq("small")]
    assert "; next is plain+slope(gamma=0.1) (small) with " in answer(summary(small).sections[0])
    law = small[small["loss"].eq("far+slope(weight=10)")].assign(
        prior="none", discriminator="none", loss="none", generator="kde", value=0.0
    )
    said = answer(summary(pd.concat([small, law])).sections[0])
    assert said.startswith("plain (small) is best")
    assert "; next is plain+slope(gamma=0.1) (small) with " in said
    assert "; of the baselines, kde is best with 0." in said
    lonely = small[small["loss"].eq("plain")]
    assert "next is" not in answer(summary(lonely).sections[0])
    assert "pairs of seeds" not in answer(summary(lonely).sections[0])


@pytest.fixture
def losses():
    """Losses on two datasets with six seeds; where most are near, `worst` is far off."""
    rng = np.random.default_rng(0)
    means = {"good": 1.0, "near": 1.02, "worst": 2.0}
    return tidy(
        {
            (dataset, "mlp", loss): mean * np.exp(0.1 * rng.standard_normal(6))
            for dataset in ("ring", "grid")
            for loss, mean in means.items()
        }
    )


def test_page_tables_and_comparisons_name_the_same_leaders(losses):
    compared = compare(losses).answers.set_index("task")
    for section in summary(losses).sections:
        (column,) = section.columns
        leader = next(row.loss for row in section.rows if section.leads(row, column))
        near = {row.loss for row in section.rows if section.near(row, column)}
        (task,) = (name for name in compared.index if name.startswith(section.dataset))
        assert compared.loc[task, "leader"] == leader
        assert set(compared.loc[task, "alike"]) == near == {"good", "near"} - {leader}
        said = answer(section)
        assert said.startswith(f"{leader} (mlp) is best by distance")
        assert f"ahead of 1 of 2, not told apart from {near.pop()} (mlp)" in said


def test_the_second_is_told_by_its_distance_from_the_best(losses):
    ring = summary(losses[losses["loss"].ne("near")]).sections[0]
    assert re.search(
        rf"; ahead of the other; next is worst \(mlp\) with [^;]*{TIMES} \[[^;]*\] against the",
        answer(ring),
    )


def test_over_all_datasets_it_is_said_who_leads_and_what_to_mind(losses, monkeypatch):
    told, cautions = overall(losses)
    assert len(told) == 1
    assert re.match(
        "distance: over 2 tasks (good|near) leads: .*overlaps with (good|near)", told[0]
    )
    assert any("2 datasets" in caution for caution in cautions)
    monkeypatch.setattr(answers, "_MOST_COMPARED", 5)
    told, cautions = overall(losses)
    assert not told
    assert cautions == [
        "6 pairs of loss and dataset are too many to compare on a page: `ganbench compare` does."
    ]


def test_budgets_that_differ_are_told(losses):
    assert budget(losses) == ""
    more = losses["loss"].eq("good")
    losses.loc[more, "generator_steps"] = 150
    assert budget(losses).startswith(
        "Budgets are not equal within datasets: generator steps up to 1.5"
    )


def test_who_would_lead_but_for_failures_is_told():
    frame = tidy(
        {
            ("ring", "mlp", "sure"): [2.0, 2.1, 1.9, 2.0],
            ("ring", "mlp", "frail"): [1.0, 1.1, "failed", 1.0],
        }
    )
    said = answer(summary(frame).sections[0])
    assert said.startswith("sure (mlp) is best by distance")
    assert "; frail (mlp) has a better mean, but 1 of its 4 runs failed; " in said
