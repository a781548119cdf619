"""Feature spaces: what is fitted, frozen, kept, and refused."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from torch import nn

from ganbench.errors import DeviceError, MetricError, SpecError
from ganbench.metrics import feature_space
from ganbench.metrics.features import SPACES, Layout, parse_space

RNG = np.random.default_rng(0)
TRAIN = RNG.normal(size=(120, 5)) @ RNG.normal(size=(5, 5)) + 3
TEST = RNG.normal(size=(40, 5))


@pytest.fixture(scope="module")
def digits():
    """Half of the digits to learn from, and the other: rows and labels."""
    rows, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(rows))
    rows, labels = rows[order] / 8 - 1, labels[order]
    return (rows[:898], labels[:898]), (rows[898:], labels[898:])


@pytest.fixture
def classifier(digits, tmp_path):
    def fit(expression="classifier", **changes):
        rows, labels = digits[0]
        given = {"shape": (1, 8, 8), "labels": labels, "cache": tmp_path, **changes}
        return feature_space(expression, rows, **given)

    return fit


# ---------------------------------------------------------------------------- closed forms


def test_raw_rows_are_as_they_are():
    np.testing.assert_array_equal(feature_space("raw", TRAIN)(TEST), TEST)


def test_standardised_columns_have_the_mean_and_scale_of_the_reference():
    space = feature_space("standardised", TRAIN)
    own = space(TRAIN)
    np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(own.std(axis=0), 1, rtol=1e-12)
    np.testing.assert_array_equal(space(TEST), (TEST - TRAIN.mean(0)) / TRAIN.std(0))


def test_constant_columns_are_moved_but_not_scaled():
    still = np.concatenate([TRAIN, np.full((120, 1), 7.0)], axis=1)
    moved = feature_space("standardised", still)(np.full((1, 6), 9.0))
    assert moved[0, 5] == 2.0
    assert np.isfinite(feature_space("pca(dim=6)", still)(still)).all()
    constant = feature_space("pca(dim=2)", np.ones((10, 3)))
    assert constant.details == {"explained_variance": 1.0}
    np.testing.assert_array_equal(constant(np.ones((2, 3))), np.zeros((2, 2)))


def test_principal_components_agree_with_scikit_learn_up_to_sign():
    space = feature_space("pca(dim=3)", TRAIN)
    scale = TRAIN.std(axis=0)
    theirs = PCA(3, svd_solver="full").fit(TRAIN / scale)
    np.testing.assert_allclose(np.abs(space(TEST)), np.abs(theirs.transform(TEST / scale)), 1e-9)
    assert space.details["explained_variance"] == pytest.approx(
        theirs.explained_variance_ratio_.sum(), abs=1e-4
    ), "rounded to four decimals"


def test_all_components_keep_all_distances():
    ours = pdist(feature_space("pca(dim=5)", TRAIN)(TEST))
    np.testing.assert_allclose(ours, pdist(feature_space("standardised", TRAIN)(TEST)), 1e-10)


# -------------------------------------------------------------------------- what all spaces owe


@pytest.mark.parametrize("expression", ["raw", "standardised", "pca(dim=2)", "classifier"])
def test_a_space_is_frozen_named_and_hashed(expression, tmp_path):
    labels = (TRAIN[:, 0] > 3).astype(int)
    copies = TRAIN.copy(), TEST.copy(), torch.get_rng_state()

    def fit(rows=TRAIN):
        return feature_space(expression, rows, labels=labels, cache=tmp_path)

    space = fit()
    features = space(TEST)
    assert features.dtype == np.float64
    assert len(features) == 40
    np.testing.assert_array_equal(space(torch.tensor(TEST)), features)
    np.testing.assert_array_equal(fit()(TEST), features)
    np.testing.assert_allclose(space(TEST[:1]), features[:1], rtol=1e-4, atol=1e-6)
    assert space.digest == fit().digest
    assert len(space.digest) == 64
    assert space.name == expression
    assert space.summary["digest"] == space.digest[:16]
    if expression != "raw":
        assert fit(TRAIN + 0.5 * RNG.normal(size=TRAIN.shape)).digest != space.digest
    np.testing.assert_array_equal(TRAIN, copies[0])
    np.testing.assert_array_equal(TEST, copies[1])
    assert torch.equal(torch.get_rng_state(), copies[2])


def test_names_leave_defaults_out():
    assert parse_space("classifier(seed=0, epochs=3)")[0] == "classifier(epochs=3)"
    assert parse_space("pca( dim = 16 )")[0] == "pca"


# ------------------------------------------------------------------------------- the classifier


def test_the_classifier_learns_digits_and_its_features_separate_them(classifier, digits):
    space = classifier()
    assert space.details["accuracy"] > 0.9
    (train, labels), (test, truth) = digits
    probe = LogisticRegression(max_iter=1000).fit(space(train), labels)
    assert probe.score(space(test), truth) > 0.9
    assert space(test).shape == (899, 64)


def test_a_trained_classifier_is_found_again(classifier, tmp_path, monkeypatch, digits):
    first = classifier("classifier(epochs=1)")
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("ganbench.metrics._classifier._train", None)
        again = classifier("classifier(epochs=1)")
    assert (again.digest, again.details) == (first.digest, first.details)
    rows = digits[1][0]
    np.testing.assert_array_equal(again(rows), first(rows))
    file.unlink()
    assert classifier("classifier(epochs=1)").digest == first.digest
    assert file.read_bytes() == content, "trained anew, to the same bits"


@pytest.mark.parametrize("harm", ["empty", "cut", "flipped", "nonsense"])
def test_a_damaged_cache_is_made_anew(classifier, tmp_path, harm, caplog):
    before = classifier("classifier(epochs=1)")
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 64])
    harmed = {"empty": b"", "cut": content[:-10], "flipped": flipped, "nonsense": b"?" * 99}
    file.write_bytes(harmed[harm])
    assert classifier("classifier(epochs=1)").digest == before.digest
    assert file.read_bytes() == content
    assert "is damaged and is made anew" in caplog.text
    assert list(tmp_path.iterdir()) == [file]


def test_a_cache_that_cannot_be_written_costs_only_time(classifier, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert classifier("classifier(epochs=1)", cache=tmp_path / "file").details["accuracy"] > 0
    assert "cannot be kept" in caplog.text


def test_the_cache_is_where_the_environment_says(classifier, tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path / "data"))
    classifier("classifier(epochs=1)", cache=None)
    assert len(list((tmp_path / "data" / "features").glob("classifier-*.safetensors"))) == 1


def test_whatever_decides_the_weights_decides_the_digest(classifier, digits):
    labels = digits[0][1]
    digests = {
        classifier("classifier(epochs=1)").digest,
        classifier("classifier(epochs=2)").digest,
        classifier("classifier(epochs=1, seed=1)").digest,
        classifier("classifier(epochs=1)", labels=labels % 5).digest,
        classifier("classifier(epochs=1)", shape=(64,)).digest,
    }
    assert len(digests) == 5
    named = classifier("classifier(epochs=1)", labels=[f"digit {label}" for label in labels])
    assert named.digest in digests, "names of classes do not matter"


@pytest.mark.parametrize("shape", [(1, 3, 4), (3, 8, 8), (1, 9, 20), (3, 64, 64), (7,), (2, 5)])
def test_images_of_all_sizes_and_other_rows_are_classified(shape, tmp_path):
    rows = np.random.default_rng(0).normal(size=(12, int(np.prod(shape))))
    labels = np.arange(12) % 2
    space = feature_space("classifier(epochs=1)", rows, shape=shape, labels=labels, cache=tmp_path)
    assert space(rows).shape == (12, 64)


def test_threads_and_gradient_mode_of_the_caller_do_not_matter(classifier, tmp_path):
    first = classifier("classifier(epochs=1)", cache=tmp_path / "first")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.no_grad():
            second = classifier("classifier(epochs=1)", cache=tmp_path / "second")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert second.digest == first.digest


# ----------------------------------------------------------------------------------- Inception


class Extractor(nn.Module):
    """Stands in for torch-fidelity's network: keeps what it is shown."""

    def __init__(self, name, features_list, feature_extractor_weights_path=None):
        super().__init__()
        assert (name, features_list) == ("inception", ["2048"])
        if Path(feature_extractor_weights_path).read_bytes() == b"broken":
            raise RuntimeError("not a checkpoint")
        self.weight = nn.Parameter(torch.randn(1))
        self.seen = []

    def forward(self, images):
        assert images.dtype == torch.uint8
        self.seen.append(images)
        return (images.float().flatten(1)[:, :4],)


@pytest.fixture
def fidelity(monkeypatch, tmp_path):
    module = ModuleType("torch_fidelity.feature_extractor_inceptionv3")
    module.FeatureExtractorInceptionV3 = Extractor
    monkeypatch.setitem(sys.modules, "torch_fidelity", ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"weights")
    return weights


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (0, 1), (0, 255)])
@pytest.mark.parametrize("channels", [1, 3])
def test_inception_sees_colour_bytes(fidelity, low, high, channels):
    levels = np.tile(np.array([0, 1, 128, 255]), (70, channels))
    rows = low + (high - low) * levels / 255
    space = feature_space(
        f"inception(weights='{fidelity}')", rows, shape=(channels, 2, 2), bounds=(low, high)
    )
    state = torch.get_rng_state()
    features = space(rows)
    np.testing.assert_array_equal(features, levels[:, :4])
    assert features.dtype == np.float64
    assert torch.equal(torch.get_rng_state(), state)
    beyond = space(np.full((2, channels * 4), high + 1.0))
    np.testing.assert_array_equal(beyond, 255)


def test_inception_is_hashed_by_its_file(fidelity):
    def digest():
        expression = f"inception(weights='{fidelity}')"
        return feature_space(expression, np.zeros((2, 12)), shape=(3, 2, 2), bounds=(0, 1)).digest

    first = digest()
    assert digest() == first
    fidelity.write_bytes(b"others")
    assert digest() != first
    fidelity.write_bytes(b"broken")
    with pytest.raises(MetricError, match="cannot be read as Inception weights: not a check"):
        digest()


def test_inception_without_file_or_package(fidelity, monkeypatch):
    with pytest.raises(MetricError, match="no file '/nowhere' of Inception weights"):
        parse_space("inception(weights='/nowhere')")
    with pytest.raises(SpecError, match="inception needs weights"):
        parse_space("inception")
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(DeviceError, match=r"pip install 'ganbench\[inception\]'"):
        parse_space(f"inception(weights='{fidelity}')")


# ------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("standardized", "Did you mean 'standardised'.*Available: classifier, inception"),
        ("pca(dim=0)", "dim must be int > 0"),
        ("pca(dims=3)", "Did you mean 'dim'"),
        ("pca(dim=[2, 3])", "dim must be int"),
        ("classifier(epochs=0)", "epochs must be int > 0"),
        ("classifier(seed=-1)", "seed must be int >= 0"),
        ("raw+pca", "joins several"),
        ("", "no component"),
    ],
)
def test_an_expression_that_makes_no_sense(expression, words):
    with pytest.raises(SpecError, match=words):
        parse_space(expression)


@pytest.mark.parametrize(
    ("expression", "changes", "words"),
    [
        ("pca(dim=6)", {}, r"pca\(dim=6\) needs 6 columns, and there are 5"),
        ("pca(dim=5)", {"reference": TRAIN[:5]}, "`reference` has 5 rows, but pca"),
        ("raw", {"reference": TRAIN[:1]}, "`reference` has 1 rows"),
        ("raw", {"reference": TRAIN * np.nan}, "`reference` has NaN"),
        ("raw", {"shape": (2, 3)}, "`shape` .2, 3. has 6 values"),
        ("classifier", {}, "need labels"),
        ("classifier", {"labels": np.zeros(5)}, "`labels` must have the shape .120,., not .5,."),
        ("classifier", {"labels": np.zeros(120)}, "`labels` has one class only"),
        ("classifier", {"reference": TRAIN[:9], "labels": np.arange(9)}, "has 9 rows, but a"),
    ],
)
def test_arguments_that_do_not_fit(expression, changes, words, tmp_path):
    given = {"reference": TRAIN, "cache": tmp_path, **changes}
    with pytest.raises(MetricError, match=words):
        feature_space(expression, **given)


def test_rows_must_have_the_columns_of_the_reference():
    with pytest.raises(MetricError, match="`rows` has 4 columns, but raw was fitted on 5"):
        feature_space("raw", TRAIN)(TEST[:, :4])


def test_misfits_are_sentences(fidelity):
    inception = parse_space(f"inception(weights='{fidelity}')")[1]
    assert inception.misfit(Layout((3, 8, 8), (-1, 1))) is None
    for layout in (Layout((5,), (0, 1)), Layout((2, 8, 8), (0, 1)), Layout((3, 8, 8))):
        assert inception.misfit(layout).endswith(".")
    assert SPACES["classifier"]().misfit(Layout((5,))).endswith(".")
    assert SPACES["raw"]().misfit(Layout((5,))) is None
