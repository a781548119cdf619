"""The scores of sequences and of tables see what they are there to see."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon

import ganbench_scores
from ganbench.api import Column, Dataset, DataSpec, MetricContext, MetricError
from ganbench_sequences import Markov
from ganbench_tabular import BreastCancer, Fair
from ganbench_vectors import ring8

FACTORIES = ganbench_scores.ganbench_metrics()
SEQUENCES, TABLES = ("ngrams", "jsd_law", "bleu", "novelty"), ("fidelity", "utility")
CHAIN = Markov(vocabulary=6, length=5)


def draw(dataset, n, seed, split="test"):
    rng = torch.Generator().manual_seed(seed)
    return dataset.sample(n, split, rng).flatten(1).double().numpy()


def score_with(metric, dataset, real, fake, reference=None):
    reference = draw(dataset, 300, 9, "train") if reference is None else reference
    context = MetricContext(dataset, reference, np.random.default_rng(0))
    return {score.estimator: score for score in metric(real, fake, context)}


@pytest.fixture(scope="module", params=[BreastCancer, Fair])
def table(request):
    return request.param()


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_report_every_estimator_with_plain_details(name):
    metric = FACTORIES[name]()
    scores = score_with(metric, CHAIN, draw(CHAIN, 200, 0), draw(CHAIN, 200, 1))
    assert set(scores) == set(metric.better)
    for score in scores.values():
        json.dumps(dict(score.details), allow_nan=False)


def test_short_sequences_have_no_long_ngrams():
    short = Markov(vocabulary=4, length=2)
    real, fake = draw(short, 100, 0), draw(short, 100, 1)
    assert set(score_with(FACTORIES["ngrams"](), short, real, fake)) == {"jsd1", "jsd2"}
    assert FACTORIES["bleu"]().misfit(short) == (
        "It counts runs of 4 symbols, and these sequences have 2."
    )
    assert FACTORIES["bleu"](order=2).misfit(short) is None
    novelty = score_with(FACTORIES["novelty"](order=2), short, real, fake)
    assert set(novelty) == {"novel", "distinct1", "distinct2"}


def test_data_of_other_kinds_are_refused_in_a_sentence(table):
    for name in SEQUENCES:
        assert FACTORIES[name]().misfit(table).endswith("are no sequences.")
    for name in TABLES:
        assert FACTORIES[name]().misfit(CHAIN).endswith("are no table.")
        assert FACTORIES[name]().misfit(ring8()).endswith("are no table.")


def test_shuffled_symbols_leave_unigrams_and_spoil_longer_runs():
    real, fake = draw(CHAIN, 1000, 0), draw(CHAIN, 1000, 1).reshape(-1, 5, 6)
    turned = np.random.default_rng(0).permuted(fake.argmax(axis=2), axis=1)
    scores = score_with(FACTORIES["ngrams"](), CHAIN, real, np.eye(6)[turned].reshape(1000, -1))
    null = score_with(FACTORIES["ngrams"](), CHAIN, real, fake.reshape(1000, -1))
    assert abs(scores["jsd1"].value) < 0.002
    for order in (2, 3, 4):
        assert scores[f"jsd{order}"].p_value == 1 / 500
        assert scores[f"jsd{order}"].value > null[f"jsd{order}"].value + 0.03


def test_whole_sequences_are_compared_with_their_law():
    metric = FACTORIES["jsd_law"]()
    real, fake = draw(CHAIN, 5000, 0), draw(CHAIN, 5000, 1)
    (score,) = score_with(metric, CHAIN, real, fake).values()
    support = CHAIN.support()
    law = CHAIN.log_prob(support.double()).exp().numpy()
    place = 6 ** np.arange(4, -1, -1)
    q = np.bincount(fake.reshape(-1, 5, 6).argmax(axis=2) @ place, minlength=6**5) / 5000
    assert torch.equal(support.argmax(dim=2) @ torch.from_numpy(place), torch.arange(6**5))
    assert score.value == pytest.approx((jensenshannon(law, q) ** 2), rel=1e-9)
    assert score.p_value > 0.01
    assert score.details["drawn"] == pytest.approx(score.value, rel=0.05)
    turned = np.random.default_rng(0).permuted(fake.reshape(-1, 5, 6).argmax(axis=2), axis=1)
    shuffled = np.eye(6)[turned].reshape(5000, -1)
    assert score_with(metric, CHAIN, real, shuffled)["jsd_law"].value > 3 * score.value


def test_laws_of_too_many_sequences_have_no_list():
    metric = FACTORIES["jsd_law"]()
    assert metric.misfit(CHAIN) is None
    assert metric.misfit(Markov()) == (
        "It needs a known law of few sequences, and this one is unknown or has too many."
    )


def test_self_bleu_of_real_sequences_is_beside_that_of_generated_ones():
    real, fake = draw(CHAIN, 60, 0), draw(CHAIN, 200, 1)
    scores = score_with(FACTORIES["bleu"](), CHAIN, real, fake)
    assert scores["bleu"].details["references"] == 30
    assert scores["self_bleu"].details["references"] == 30
    swapped = score_with(FACTORIES["bleu"](), CHAIN, real, real)["self_bleu"]
    # The same sentences, divided at random into references and others: two standard errors.
    assert swapped.low < scores["self_bleu"].details["real"] < swapped.high


def test_a_finite_set_is_known_as_a_whole():
    chain = Markov(vocabulary=6, length=5)
    rows = draw(chain, 400, 3, "train")
    chain.rows = lambda split: torch.tensor(rows).reshape(-1, 5, 6)
    real, fake = draw(CHAIN, 100, 0), rows[200:300]
    scores = score_with(FACTORIES["novelty"](), chain, real, fake, reference=rows[:100])
    assert scores["novel"].value == 0
    assert scores["novel"].details["real"] > 0


def test_the_best_likelihood_of_one_sequence_is_seen_through():
    real, fake = draw(CHAIN, 300, 0), draw(CHAIN, 300, 1)
    likeliest = max(real, key=lambda row: CHAIN.log_prob(torch.tensor(row).reshape(1, 5, 6)))
    law, copies = (
        score_with(FACTORIES["nll"](), CHAIN, real, y)
        for y in (fake, np.tile(likeliest, (300, 1)))
    )
    assert set(law) == set(copies) == set(FACTORIES["nll"].better)
    assert copies["nll"].value < law["nll"].value
    assert copies["distinct"].value == 1 / 300
    assert law["distinct"].low < law["distinct"].details["real"] < law["distinct"].high
    assert law["outside"].value == copies["outside"].value == 0


def test_impossible_sequences_are_counted_and_not_averaged():
    chain = Markov(vocabulary=6, length=5)
    chain.transition[0, 1] = 0
    real = draw(chain, 200, 0)
    odd = np.tile(np.eye(6)[[0, 1, 0, 1, 0]].ravel(), (50, 1))
    scores = score_with(FACTORIES["nll"](), chain, real, np.vstack([real[:150], odd]))
    assert scores["outside"].value == 0.25
    alone = score_with(FACTORIES["nll"](), chain, real, real[:150])
    assert scores["nll"].value == alone["nll"].value
    nothing = score_with(FACTORIES["nll"](), chain, real, odd)
    assert nothing["nll"].value == pytest.approx(744.44, abs=0.01)


def test_counts_of_ngrams_are_a_space_of_sequences_alone(table):
    real, fake = draw(CHAIN, 300, 0), draw(CHAIN, 300, 1).reshape(-1, 5, 6)
    turned = np.random.default_rng(0).permuted(fake.argmax(axis=2), axis=1)
    for name in ("mmd", "c2st", "fid", "energy"):
        metric = FACTORIES[name](features="ngrams(order=2)")
        assert metric.misfit(CHAIN) is None
        assert metric.misfit(table).endswith("need sequences of symbols.")
        good, bad = (
            score_with(metric, CHAIN, real, each.reshape(300, -1))[metric.headline]
            for each in (fake, np.eye(6)[turned])
        )
        assert bad.value > good.value
        assert good.details["features"]["name"] == "ngrams"
        if good.p_value is not None:
            assert bad.p_value < 0.01 < good.p_value


def test_tables_report_what_their_columns_allow_for(table):
    real, fake = draw(table, 150, 0), draw(table, 150, 1)
    fidelity = score_with(FACTORIES["fidelity"](), table, real, fake)
    missing = {"contingency"} if isinstance(table, BreastCancer) else set()
    assert set(FACTORIES["fidelity"].better) - set(fidelity) == missing
    utility = score_with(FACTORIES["utility"](), table, real, fake)
    assert set(utility) == {"tstr", "gap"}
    for score in (*fidelity.values(), *utility.values()):
        json.dumps(dict(score.details), allow_nan=False)


def test_columns_keep_their_kinds_and_values():
    fair = Fair()
    scores = score_with(FACTORIES["fidelity"](), fair, draw(fair, 150, 0), draw(fair, 150, 1))
    assert set(scores["tv"].details["columns"]) == {"occupation", "occupation_husb"}
    assert set(scores["ks"].details["columns"]) == set(fair.frame.columns) - {
        *scores["tv"].details["columns"]
    }


def test_independent_columns_are_useless(table):
    real, fake = draw(table, 250, 0), draw(table, 250, 1)
    broken = table.encode(
        table.to_frame(torch.tensor(fake)).apply(
            lambda column: column.sample(frac=1, random_state=len(column.name)).to_numpy()
        )
    )
    fakes = (fake, broken.double().numpy())
    good, bad = (score_with(FACTORIES["utility"](), table, real, each)["gap"] for each in fakes)
    assert bad.high < 0
    assert bad.value < good.value - 0.3


def test_the_target_may_be_chosen():
    metric, cancer = FACTORIES["utility"](target="mean radius"), BreastCancer()
    assert metric.misfit(cancer) is None
    real, fake = draw(cancer, 150, 0), draw(cancer, 150, 1)
    assert score_with(metric, cancer, real, fake)["tstr"].details["real_train"] > 0.8
    reason = FACTORIES["utility"](target="age").misfit(cancer)
    assert reason.startswith("It should predict the column 'age', but")


def test_a_table_without_a_target_or_a_way_back():
    spec = DataSpec("table", (1,), (Column("a", "numeric"),))
    plain = SimpleNamespace(spec=spec)
    assert FACTORIES["utility"]().misfit(plain).endswith("set `target`.")
    dataset = Dataset()
    dataset.spec = spec
    rows = np.zeros((5, 1))
    with pytest.raises(MetricError, match="back into a table"):
        score_with(FACTORIES["fidelity"](), dataset, rows, rows, rows)
