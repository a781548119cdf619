"""What studies say of rows with known effects."""

import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import (
    agreement,
    minimax,
    noise,
    paper_ctgan,
    paper_dirac,
    paper_mmdgan,
    paper_pacgan,
    paper_r3gan,
    paper_seqgan,
    paper_text,
    paper_unrolled,
    paper_wgangp,
    players,
    seeds,
    settings,
    tuning,
)


def drawn(value, estimators=("sw2",), **axes):
    """Make rows of ten seeds for every combination, with a little noise on known values.

    Args:
        value: labels and estimator -> the value, None for no row.
        estimators: names.
        **axes: column -> labels.
    """
    rng, rows = np.random.default_rng(0), []
    for labels in itertools.product(*axes.values()):
        named = {**OTHERWISE, **dict(zip(axes, labels, strict=True))}
        for seed, estimator in itertools.product(range(10), estimators):
            found = value({**named, "estimator": estimator})
            if found is not None:
                found *= 1 if estimator == "covered" else math.exp(0.02 * rng.standard_normal())
                rows.append({**named, "seed": seed, "estimator": estimator, "value": found})
    return pd.DataFrame(rows)


OTHERWISE = {"generator": "mlp", "metric": "", "loss": "ns", "variant": ""}


def test_a_setting_that_halves_the_distance_helps_and_one_that_doubles_it_harms():
    factors = {"k=2": 0.5, "no EMA": 2.0}
    found = settings.analyse(
        drawn(
            lambda of: factors.get(of["variant"], 1.0) * (4.0 if of["loss"] == "mm" else 1.0),
            variant=settings.VARIANTS,
            dataset=["ring8", "grid25"],
            loss=["ns", "mm"],
        )
    )
    told = re.search(r"another loss (\S+) \[", found.answer)
    assert float(told[1]) == pytest.approx(4.0, rel=0.03)
    assert "k=2 helping in every cell and no EMA harming in every cell" in found.answer
    (line,) = (line for line in found.tables.splitlines() if line.startswith("| k=2 |"))
    assert [float(cell.split()[0].strip("*")) for cell in line.split(" | ")[1:]] == [
        pytest.approx(0.5, abs=0.02)
    ] * 4
    assert list(found.figures) == ["settings"]


def test_generators_are_compared_with_their_own_and_the_best_other_discriminator():
    distance = {("mlp", "mlp"): 3.0, ("mlp", "elm"): 1.0, ("mlp", "trees"): 9.0}
    distance |= {("elm", "mlp"): 4.0, ("elm", "elm"): 2.0, ("elm", "trees"): 9.0}
    found = players.analyse(
        drawn(
            lambda of: (
                8.0
                if of["estimator"] == "covered"
                else distance[of["generator"], of["discriminator"]]
            ),
            ("sw2", "covered"),
            generator=["mlp", "elm"],
            discriminator=["mlp", "elm", "trees"],
        )
    )
    assert "For 1 of 2 generators some discriminator of another kind is surely" in found.answer
    assert "(mlp, with elm)" in found.answer
    assert "between discriminators and of" in found.answer
    assert "(mlp with trees)" in found.answer or "(elm with trees)" in found.answer
    assert "(mlp with elm)" in found.answer


def test_losses_that_are_far_apart_need_one_seed():
    strength = {"a": 1.0, "b": 3.0, "c": 9.0}
    rows = drawn(lambda of: strength[of["loss"]], dataset=["ring8"], loss=strength)
    many = pd.concat([rows.assign(seed=rows["seed"] + 10 * k) for k in range(3)])
    found = seeds.analyse(many)
    assert "in nine of ten draws from 1 seed on" in found.answer
    assert "| ring8 | 1 | 1.00 | 1.00 |" in found.tables


@pytest.mark.parametrize(
    ("loss", "norms"),
    [
        ("mm", (3.097, 1.421, 1.845, 1.413, 1.710)),
        ("ns", (0.640, 0.284, 0.139, 0.271, 0.156)),
        ("wgan+clip(limit=1.0)", (1.002, 1.024, 0.917, 0.985, 1.003)),
        ("wgan+gp(weight=0.35)", (1.802, 1.221, 0.716, 1.280, 0.720)),
        ("mm+r1(gamma=0.3)", (0.0,) * 5),
    ],
)
def test_the_recursion_of_the_simplest_game_ends_where_the_notebook_does(loss, norms):
    ends = [
        math.hypot(*paper_dirac.trajectory(loss, **settings)[-1])
        for settings in paper_dirac.ORDERS.values()
    ]
    assert ends == pytest.approx(norms, abs=6e-4)


def test_the_best_of_k_is_chosen_by_one_seed_and_scored_by_another():
    choice, score = np.array([2.0, 1.0, 3.0]), np.array([5.0, 7.0, 9.0])
    found = tuning._best_of_k(choice, score)
    assert found == pytest.approx([7.0, (7.0 + 7.0 + 5.0) / 3, 7.0])


def test_configurations_are_spread_over_the_published_ranges():
    drawn = pd.DataFrame(tuning.configurations(40))
    assert drawn["beta1"].between(0, 1).all()
    assert drawn["rate"].between(1e-5, 1e-2).all()
    assert drawn["strength"].between(0.1, 100).all()
    assert set(drawn["critic_steps"]) == {1, 5}
    assert (drawn["rate"] > 10**-3.5).mean() == pytest.approx(0.5, abs=0.03)


def test_a_loss_that_is_better_in_every_configuration_leads():
    rows = [
        {"dataset": data, "loss": loss, "variant": str(c), "seed": s, "value": by * (1 + c)}
        for data in ("ring8", "grid25")
        for loss, by in (("ns", 2.0), ("hinge", 4.0), ("ns+r1(gamma=0.1)", 1.0))
        for c in range(4)
        for s in range(2)
    ]
    found = tuning.analyse(pd.DataFrame(rows).assign(estimator="sw2"))
    assert "on `ring8` `ns+r1` leads, with 0.50 [0.50, 0.50] times" in found.answer
    assert "0 of the 2 others are not surely behind" in found.answer
    assert "rank correlations from 1.00 to 1.00" in found.answer
    assert "| `hinge` | **2.00 [2.00, 2.00]** | **2.00 [2.00, 2.00]** |" in found.tables


def test_scores_that_order_runs_alike_agree_and_noise_does_not():
    rng, rows = np.random.default_rng(0), []
    for variant, loss, seed in itertools.product("abcd", ("ns", "mm", "ls"), range(4)):
        quality = "abcd".index(variant) * 3 + ("ns", "mm", "ls").index(loss)
        for name, value, better in (
            ("one", quality, "lower"),
            ("turned", -quality, "higher"),
            ("noise", rng.standard_normal(), "lower"),
        ):
            cell = {"variant": variant, "loss": loss, "seed": seed, "dataset": "ring8"}
            rows.append({**cell, "metric": name, "estimator": name, "value": value,
                         "better": better, "headline": True})  # fmt: skip
    found = agreement.analyse(pd.DataFrame(rows))
    assert "`noise` least" in found.answer
    lines = {line.split("|")[1].strip(): line for line in found.tables.splitlines()[2:]}
    assert "| 1.00 | 1 |" in lines["`one`"]
    assert "| 1.00 | 1 |" in lines["`turned`"]


def test_a_published_figure_agrees_within_two_standard_errors():
    rows = []
    for (data, pack), published in paper_pacgan.PUBLISHED.items():
        loss = next(name for name, size in paper_pacgan.PACKS.items() if size == pack)
        for seed in range(10):
            for name, (mean, _) in zip(paper_pacgan.SCORES, published, strict=True):
                value = mean / 100 if name == "quality" else mean + (pack == 4) * 5
                rows.append({"dataset": data, "generator": "maxout", "loss": loss, "seed": seed,
                             "estimator": name, "value": value + 1e-6 * seed})  # fmt: skip
        real = {"dataset": data, "generator": "real", "loss": "none", "seed": 0, "value": 1.0}
        rows += [{**real, "estimator": name} for name in paper_pacgan.SCORES]
    found = paper_pacgan.analyse(pd.DataFrame(rows))
    assert "Of 24 published figures, 20 agree" in found.answer
    assert "surely more in 3 and surely fewer in 0 of 3 cases" in found.answer


def test_noise_that_is_too_thin_is_named_and_sums_are_counted():
    factor = {"normal": 1.0, "normal(dim=1)": 2.0, "uniform_sum": 1.0, "learned_mixture": 3.0}
    found = noise.analyse(
        drawn(lambda of: factor[of["prior"]], dataset=["ring8", "digits"], prior=factor)
    )
    assert re.search(r"On `ring8`, .* dimensions: `normal\(dim=1\)` \((1\.9|2\.0)", found.answer)
    assert "Of 2 comparisons of sums" in found.answer
    assert re.search(r"learned mixture in place of the normal law has (2\.9|3\.0)", found.answer)


def test_the_word_of_critics_is_read_without_penalties_and_minimax_less_the_other():
    losses = ["ns", "mm", "ns+r1(gamma=0.1)", "mm+r1(gamma=0.1)"]

    def value(of):
        if of["estimator"] == "implied":
            return 0.1 if "r1" not in of["loss"] else 9.0
        return 0.3 if of["loss"].startswith("mm") else 0.2

    found = minimax.analyse(
        drawn(value, ("known", "implied"), variant=minimax.STEPS, dataset=["a", "b"], loss=losses)
    )
    assert "differs from that of the non-saturating loss in 4 of 4 comparisons" in found.answer
    assert re.search(r"on `a`, `mm` has 0\.(09|10)", found.answer)
    assert re.search(r"is below in 100% of them.* median 0\.(099|1\d\d) nats", found.answer)


def test_pairing_and_penalties_are_claimed_only_where_they_help():
    def value(of):
        if of["estimator"] == ("fid" if of["dataset"] == "digits" else "sw2"):
            return (0.5 if of["loss"].startswith("rp") else 1.0) / (1 + of["loss"].count("r2"))
        return 8.0 if of["estimator"] == "covered" and of["dataset"] != "digits" else None

    losses = [base + each for base in ("ns", "rp") for each in paper_r3gan.PENALTIES.values()]
    found = paper_r3gan.analyse(
        drawn(value, ("sw2", "fid", "covered"), dataset=paper_r3gan.SCORE, loss=losses)
    )
    assert "Pairing is surely better in 9 of 9 comparisons and surely worse in 0" in found.answer
    assert "Adding R2 to R1 surely helps in 6 of 6 cases" in found.answer
    assert "9 agree, 0 do not" in found.tables


def test_unrolling_is_judged_by_the_modes_at_the_end():
    def value(of):
        return {"covered": {"0": 1.0, "1": 1.0, "5": 8.0, "10": 8.0}[of["variant"]]}.get(
            of["estimator"], 0.5
        )

    rows = drawn(value, ("covered", "quality"), variant=map(str, paper_unrolled.STEPS))
    both = [rows.assign(metric=metric) for metric in ("modes", paper_unrolled.NEAR)]
    found = paper_unrolled.analyse(pd.concat(both))
    assert "Of 2 published statements 2 hold" in found.answer
    assert "ten find 7.0 [7.0, 7.0]" in found.answer


def test_the_penalty_is_compared_with_clipping():
    def value(of):
        count = paper_wgangp.DATA[of["dataset"]][1]
        if of["estimator"] == "sw2":
            return 0.5 if of["loss"] == paper_wgangp.PENALTY else 1.0
        return count and float(count if of["loss"] == paper_wgangp.PENALTY else 0)

    rows = drawn(
        value,
        ("sw2", "covered", "quality"),
        dataset=paper_wgangp.DATA,
        loss=paper_wgangp.LOSSES,
    )
    found = paper_wgangp.analyse(rows)
    assert "surely nearer in 6 of 6 comparisons" in found.answer
    assert "6 agree, 0 do not" in found.tables


def test_kernels_are_compared_by_their_frechet_distance():
    distance = {
        paper_mmdgan.FIXED: 9.0,
        paper_mmdgan.RBF: 3.0,
        paper_mmdgan.RQ: 4.0,
        paper_mmdgan.GP: 4.0,
    }
    small = drawn(lambda of: distance[of["loss"]], ("fid", "coverage"), loss=distance,
                  variant=[paper_mmdgan.SMALL])  # fmt: skip
    large = drawn(lambda _: 1.0, ("fid", "coverage"), loss=["gmmn"], variant=[paper_mmdgan.LARGE])
    found = paper_mmdgan.analyse(pd.concat([small, large]))
    assert "a learned Gaussian kernel beats a fixed one: yes, 0.3" in found.answer
    assert "a fixed kernel gains from large batches: yes" in found.answer
    assert "learned rational quadratic kernels beat Gaussian ones: no, 1.3" in found.answer


def test_characters_are_compared_by_n_grams():
    writers = {"ns": 0.4, "wgan+gp": 0.3, "none": 0.1}
    rows = drawn(lambda of: writers[of["loss"]], (*paper_text.ORDERS, "distinct4"), loss=writers)
    rows["generator"] = rows["generator"].where(rows["loss"].ne("none"), "ngram")
    real = rows[rows["loss"].eq("none")].assign(generator="real")
    found = paper_text.analyse(pd.concat([rows, real], ignore_index=True))
    assert re.search(r"by -0\.(09|10)", found.answer)
    assert "Of 4 comparisons with published orders 4 agree" in found.tables


def test_the_score_function_is_compared_with_the_likelihood_before_it():
    nll = dict(zip(paper_seqgan.VARIANTS, (140.0, 90.0, 80.0, 100.0, 110.0), strict=True))
    written = drawn(lambda of: nll[of["variant"]], ("nll", "jsd2", "distinct"), variant=nll)
    written["generator"] = "lstm"
    others = [
        drawn(lambda _: 50.0, ("nll", "jsd2", "distinct"), variant=nll).assign(generator=name)
        for name in ("real", "ngram")
    ]
    found = paper_seqgan.analyse(pd.concat([written, *others], ignore_index=True))
    (further,) = re.findall(r"changes it by (\S+) \[[^]]*\] against where", found.answer)
    assert float(further) == pytest.approx(0.5, abs=0.1)
    assert "1 agree, 1 do not" in found.tables


def test_a_table_model_that_teaches_more_is_told():
    utility = dict(zip(paper_ctgan.NAMES, (0.9, 0.1, 0.2, 0.8, 0.7, 0.5), strict=True))
    rows = drawn(lambda of: utility[of["generator"]], paper_ctgan.SCORES,
                 dataset=["fair", "randhie(encoder='modes')"], generator=utility)  # fmt: skip
    found = paper_ctgan.analyse(rows)
    assert (
        "above that of a simple model in 4 of 6 comparisons and surely below in 2" in found.answer
    )
    assert "Of 4 comparisons with published orders 4 agree" in found.tables
