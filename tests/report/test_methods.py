"""The paragraph for a paper says what was done and cites where it comes from."""

from dataclasses import replace

import pandas as pd

from ganbench.report import methods as module
from ganbench.report.methods import methods, scores


def test_it_counts_names_and_cites(results, describe):
    found = methods(results, describe())
    assert (
        "5 losses (plain [Ada & Bell 2021], plain+slope(gamma=0.1) [Ada & Bell 2021]" in found.text
    )
    assert "2 architectures (small, auto_encoder) and 1 noise prior (normal(dim=16))" in found.text
    assert "trained on 3 datasets (ring8, people, tiles)" in found.text
    assert "with 3 to 4 seeds and 1,000 generator steps" in found.text
    assert "1,000 samples of each generator were compared with 1,000 held-out real" in found.text
    assert "by distance [Ada & Bell 2021], covered [Ada & Bell 2021], divergence." in found.text
    assert [str(work) for work in found.works] == [
        "Ada & Bell (2021), arXiv:2101.00001",
        "Gupta (1965), Technometrics 7",
        "Holm (1979), Scandinavian Journal of Statistics 6",
        "Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15",
        "Benavoli et al. (2017), arXiv:1606.04316",
        "Agarwal et al. (2021), arXiv:2108.13264",
        "Demsar (2006), JMLR 7",
    ]


def test_it_tells_how_the_best_was_found_where_there_is_something_to_compare(results, describe):
    said = methods(results, describe()).text
    assert "truly best one of those tested with a probability of at least 95% [Gupta 1965]" in said
    assert "Over datasets, scores were normalised" in said
    frame = results.frame
    ring = methods(replace(results, frame=frame[frame["dataset"].eq("ring8")]), describe()).text
    assert "[Gupta 1965]" in ring
    assert "Over datasets" not in ring
    lonely = frame[frame["loss"].eq("plain") & frame["discriminator"].eq("small")]
    assert "Gupta" not in methods(replace(results, frame=lonely), describe()).text


def test_budgets_that_differ_are_told(results, describe):
    frame = results.frame.assign(generator_steps=1000)
    equal = methods(replace(results, frame=frame), describe()).text
    assert "Budgets" not in equal
    frame.loc[frame["loss"].eq("plain"), "generator_steps"] = 4000
    unequal = methods(replace(results, frame=frame), describe()).text
    assert (
        "Budgets are not equal within datasets: generator steps up to 4 times as many" in unequal
    )


def test_of_many_components_it_gives_the_number(results, describe, monkeypatch):
    monkeypatch.setattr(module, "MOST_NAMED", 4)
    found = methods(results, describe())
    assert "with 5 losses, 2 architectures (small" in found.text
    assert found.works


def test_baselines_alone_and_beside_games(results, describe):
    law = results.frame.assign(prior="none", discriminator="none", loss="none", generator="kde")
    alone = methods(replace(results, frame=law), describe()).text
    assert alone.startswith("For comparison, 1 baseline (kde) fitted 3 datasets")
    both = methods(replace(results, frame=pd.concat([results.frame, law])), describe()).text
    assert "For comparison, 1 baseline (kde) fitted the same data without a game." in both
    assert "5 losses" in both


def test_the_software_is_named(results, describe):
    environment = {"device": "cpu", "distributions": {"ganbench": "9.1", "torch": "2.13"}}
    made = replace(results, experiment={**results.experiment, "environment": environment})
    assert methods(made, describe()).text.endswith("used ganbench 9.1 and torch 2.13 on cpu.")


def test_scores_say_what_they_measure(results, describe):
    rows = {row["metric"]: row for row in scores(results.frame, describe())}
    assert rows["distance"]["meaning"] == "How far apart."
    assert rows["distance"]["source"] == "Ada & Bell 2021, arXiv:2101.00001"
    assert rows["distance"]["estimators"] == "rbf: lower is better; linear: lower is better"
    assert rows["divergence"]["meaning"] == ""
    assert rows["covered"]["sizes"] == "1,000 / 1,000"
