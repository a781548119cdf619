"""What datasets must do."""

import math

import torch
from torch import Tensor

from ganbench import seeding
from ganbench.data import Dataset, Split
from ganbench.testing.declared import can_be_built
from ganbench.testing.rules import NotApplicable, require, rule
from ganbench.testing.subject import Subject

_SPLITS: tuple[Split, ...] = ("train", "test")


def stream(*role: str | int) -> torch.Generator:
    """Open the stream of this name."""
    return seeding.torch_stream(0, "conformance", *role)


@rule(
    "dataset",
    after=can_be_built,
    mend="Return float32 of shape (n, *spec.shape), scaled to spec.low and spec.high if they are "
    "set.",
)
def draws_what_it_promises(subject: Subject) -> None:
    """Samples of any number, one and odd ones too, have the promised shape, dtype and range."""
    data: Dataset = subject.value
    for split in _SPLITS:
        for n in (1, 7, 50):
            x = data.sample(n, split, stream(split))
            wanted = (n, *data.spec.shape)
            what = f"sample({n}, '{split}')"
            require(tuple(x.shape) == wanted, f"{what} has shape {tuple(x.shape)}, not {wanted}.")
            require(x.dtype == torch.float32, f"{what} is {x.dtype}, not torch.float32.")
            require(torch.isfinite(x).all(), f"{what} is not finite.")
            low, high = data.spec.low, data.spec.high
            within = (low is None or x.min() >= low) and (high is None or x.max() <= high)
            require(within, f"{what} reaches from {x.min():g} to {x.max():g}.")


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Draw every random number from `rng`, on `rng.device`.",
)
def draws_from_its_stream_alone(subject: Subject) -> None:
    """The same stream gives the same samples, also when it is built again, another one others."""
    data, again = subject.value, subject.anew()
    first = data.sample(20, "train", stream("a"))
    for other in (data, again):
        require(torch.equal(first, other.sample(20, "train", stream("a"))), "Samples differ.")
    require(
        not torch.equal(first, data.sample(20, "train", stream("b"))),
        "Another stream gives the same samples.",
    )


@rule(
    "dataset",
    after=can_be_built,
    mend="Divide the rows once, by the split alone; draw infinite laws anew.",
)
def keeps_train_and_test_apart(subject: Subject) -> None:
    """No row is in both splits, but for as many as chance has made alike."""
    data: Dataset = subject.value
    train, test = data.rows("train"), data.rows("test")
    if train is None or test is None:
        x, y = (data.sample(50, split, stream(split)) for split in _SPLITS)
        if data.spec.kind in ("vector", "image") and data.support() is None:
            require(_share_in(y, x) < 1, "Samples of both splits are the same.")
        return
    require(len(train) and len(test), "A split is empty.")
    require(train.shape[1:] == test.shape[1:], "The splits have rows of different shapes.")
    half = test[torch.randperm(len(test), generator=stream("halves"))]
    alike = _share_in(half[::2], half[1::2]) if len(test) > 1 else 0.0
    shared = _share_in(test, train)
    # Halves of one split tell how often rows are alike by chance; a split has twice their rows.
    most = 1 - (1 - alike) ** (1 + len(train) / max(1, len(test) // 2)) + 0.02
    require(shared <= most, f"{shared:.0%} of the test rows are training rows, too.")


def _share_in(rows: Tensor, others: Tensor) -> float:
    known = {row.tobytes() for row in others.flatten(1).numpy()}
    return sum(row.tobytes() in known for row in rows.flatten(1).numpy()) / max(1, len(rows))


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Return an int64 tensor with one class for each row.",
)
def labels_each_row(subject: Subject) -> None:
    """Labels, where there are some, are one int64 for each row of the split."""
    data: Dataset = subject.value
    for split in _SPLITS:
        labels, rows = data.labels(split), data.rows(split)
        if labels is None or rows is None:
            raise NotApplicable("It has no labels.")
        require(labels.dtype == torch.int64, f"Labels are {labels.dtype}.")
        require(tuple(labels.shape) == (len(rows),), f"Labels have shape {tuple(labels.shape)}.")


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Let `project` round to values of the data, and leave those as they are.",
)
def leaves_real_samples_as_they_are(subject: Subject) -> None:
    """Real samples are fixed points of `project`, and so is whatever it has projected."""
    law: Dataset = subject.value.judged
    x = law.sample(200, "test", stream("project"))
    kept = x.clone()
    require(torch.equal(law.project(x), x), "`project` changes real samples.")
    noisy = law.project(x + 0.3 * torch.randn(x.shape, generator=stream("noise")))
    require(torch.equal(law.project(noisy), noisy), "`project` changes what it has projected.")
    require(torch.equal(x, kept), "`project` changes its input.")


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Make it of what decides the law and its split, by `hashlib`; Python's `hash` of a text "
    "is another one in every process.",
)
def has_a_fingerprint(subject: Subject) -> None:
    """The fingerprint is the same whenever the data are, and another one with another split."""
    data, again = subject.value, subject.anew()
    require(isinstance(data.fingerprint(), str), "The fingerprint is no text.")
    require(data.fingerprint() == again.fingerprint(), "It differs from one build to the next.")
    if any(parameter.name == "split_seed" for parameter in subject.entry.parameters):
        params = {**subject.built.params, "split_seed": subject.built.params["split_seed"] + 1}
        other: Dataset = subject.entry.factory(**params)
        require(data.fingerprint() != other.fingerprint(), "Another split_seed does not show.")


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Return one log-density in nats for each row, in the dtype of the rows.",
)
def gives_a_density_to_each_row(subject: Subject) -> None:
    """`log_prob` takes any number of rows, in float32 and float64, and changes none."""
    data: Dataset = subject.value
    if data.log_prob is None:
        raise NotApplicable("The density is not known.")
    x = data.sample(501, "test", stream("density"))
    kept, values = x.clone(), data.log_prob(x)
    require(torch.equal(x, kept), "`log_prob` changes its input.")
    require(tuple(values.shape) == (501,), f"`log_prob` has shape {tuple(values.shape)}.")
    require(torch.isfinite(values).all(), "`log_prob` of a sample is not finite.")
    one = data.log_prob(x[:1])
    require(torch.allclose(one, values[:1], rtol=1e-4, atol=1e-4), "One row alone differs.")
    wide = data.log_prob(x.double())
    require(wide.dtype == torch.float64, f"`log_prob` of float64 rows is {wide.dtype}.")
    close = torch.allclose(wide.float(), values, rtol=1e-2, atol=1e-2)
    require(close, "`log_prob` differs between float32 and float64.")
    if not any(span.kind == "choice" for span in data.spec.spans):
        likely, moved = values.mean(), data.log_prob(x + x.std() / 4).mean()
        require(likely > moved, f"Samples have {likely:.3g} nats, and moved ones {moved:.3g}.")


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Normalise `log_prob`, and let it be that of the law which `sample` draws.",
)
def has_a_density_that_integrates_to_one(subject: Subject) -> str:
    """The density integrates to one, and is that of the samples."""
    data: Dataset = subject.value
    if data.log_prob is None:
        raise NotApplicable("The density is not known.")
    support = data.support()
    if support is not None:
        total = float(data.log_prob(support).double().exp().sum())
        require(abs(total - 1) < 1e-3, f"The probabilities add up to {total:.4g}.")
        return f"they add up to {total:.4f}"
    if any(span.kind == "choice" for span in data.spec.spans):
        raise NotApplicable("It has choices, too many to add their probabilities up.")
    total, error = _bridge(data)
    if error > 0.2:
        raise NotApplicable(f"In {data.spec.size} dimensions the integral is too uncertain.")
    off = abs(math.log(total)) if 0 < total < math.inf else math.inf
    require(off <= 4 * error + 0.02, f"It integrates to {total:.3g} ± {error:.1g}.")
    return f"it integrates to {total:.3f} ± {error:.3f}"


def _bridge(data: Dataset, count: int = 2000) -> tuple[float, float]:
    """Estimate the integral of a density from its samples and those of a smooth law near it.

    Returns:
        The integral, by bridge sampling (Meng & Wong 1996, Statistica Sinica 6), and the standard
        error of its logarithm.
    """
    log_prob = data.log_prob
    assert log_prob is not None
    fitted, x = (data.sample(count, "test", stream("bridge", i)).flatten(1).double() for i in "ab")
    size = x.shape[1]
    width = 0.5 * count ** (-1 / (size + 4))
    scale = torch.linalg.cholesky(fitted.T.cov() if size > 1 else fitted.T.cov().view(1, 1))
    picks = torch.randint(count, (count,), generator=stream("picks"))
    steps = torch.randn(count, size, generator=stream("steps"), dtype=torch.float64)
    y = fitted[picks] + width * steps @ scale.T

    def smooth(points: Tensor) -> Tensor:
        white = torch.linalg.solve_triangular(scale, points.T, upper=False).T
        centers = torch.linalg.solve_triangular(scale, fitted.T, upper=False).T
        squares = torch.cdist(white, centers).square() / width**2
        constant = size * math.log(2 * math.pi * width**2) / 2 + scale.diagonal().log().sum()
        density: Tensor = torch.logsumexp(-squares / 2, dim=1) - math.log(count) - constant
        return density

    def ratio(points: Tensor) -> Tensor:
        shape = (-1, *data.spec.shape)
        return log_prob(points.float().view(shape)).double() - smooth(points)

    of_x, of_y = ratio(x), ratio(y)
    total = torch.zeros((), dtype=torch.float64)
    for _ in range(50):
        up = torch.sigmoid(of_y - total)
        down = torch.sigmoid(total - of_x)
        total = total + up.mean().log() - down.mean().log()
    parts = [value.var() / value.mean().square() / count for value in (up, down)]
    return float(total.exp()), math.sqrt(float(parts[0] + parts[1]))


@rule(
    "dataset",
    after=draws_what_it_promises,
    mend="Return one row of the table, or one text, for each sample.",
)
def decodes_its_samples(subject: Subject) -> None:
    """Tables decode to their columns and sequences to text, row by row."""
    law: Dataset = subject.value.judged
    x = law.sample(7, "test", stream("decode"))
    frame, text = law.to_frame(x), law.to_text(x)
    if frame is None and text is None:
        raise NotApplicable("Its samples are no table and no text.")
    if frame is not None:
        require(len(frame) == 7, f"`to_frame` of 7 rows has {len(frame)}.")
        names = [column.name for column in law.spec.columns]
        if names:
            require(list(frame.columns) == names, f"`to_frame` has columns {list(frame.columns)}.")
    if text is not None:
        require(len(text) == 7, f"`to_text` of 7 rows has {len(text)}.")


def use(subject: Subject) -> None:
    """Do with a dataset all that a run does."""
    data: Dataset = subject.anew()
    for split in _SPLITS:
        x = data.sample(9, split, stream(split))
        data.rows(split), data.labels(split)
    law = data.judged
    law.project(x if law is data else law.sample(9, "test", stream("test")))
    if data.log_prob is not None:
        data.log_prob(x)
    data.fingerprint()
