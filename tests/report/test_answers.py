"""What is said first: what is best, by how much and how sure that is."""

import pandas as pd

from ganbench.report.answers import answer
from ganbench.report.tables import summary


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
