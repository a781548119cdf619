"""Turn what users pass into float64 samples, or say in one sentence what is wrong with it."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ganbench.errors import MetricError

Floats = NDArray[np.float64]
SampleLike = ArrayLike | Tensor

LARGEST = 1e100

_NAMED = 5


def as_tensor(values: SampleLike, name: str, least: int = 2) -> Tensor:
    """Return `values` as a finite float64 tensor (n, d) with at least `least` rows.

    A tensor stays on its device (one without double precision goes to the CPU); nothing is
    copied that need not be, so never write into the result.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    sample = _doubles(values, name)
    if sample.ndim != 2 or sample.shape[1] == 0:
        raise MetricError(f"`{name}` must have the shape (n, d), not {tuple(sample.shape)}.")
    if len(sample) < least:
        raise MetricError(f"`{name}` has {len(sample)} rows, but at least {least} are needed.")
    finite = torch.isfinite(sample)
    if not finite.all():
        bad = int((~finite).any(dim=1).sum())
        raise MetricError(f"`{name}` has NaN or infinite values in {bad} of its rows.")
    if sample.abs().max() > LARGEST:
        raise MetricError(f"`{name}` has values beyond {LARGEST:g}, whose squares overflow.")
    return sample


def _doubles(values: SampleLike, name: str) -> Tensor:
    if isinstance(values, Tensor):
        if values.is_complex():
            raise MetricError(f"`{name}` must hold real numbers only.")
        values = values.detach()
        return (values.cpu() if values.device.type == "mps" else values).double()
    try:
        array = np.ascontiguousarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError
        array = array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise MetricError(f"`{name}` must hold numbers only.") from error
    # torch warns of memory that it could write to, and nothing here does.
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def as_sample(values: SampleLike, name: str, least: int = 2) -> Floats:
    """Return `values` as a finite float64 array (n, d) with at least `least` rows.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    sample: Floats = as_tensor(values, name, least).cpu().numpy()
    return sample


def two_tensors(
    x: SampleLike, y: SampleLike, least: int = 2, *, names: tuple[str, str] = ("x", "y")
) -> tuple[Tensor, Tensor]:
    """Check `x` and `y`, called `names`, one by one, and that they have equally many columns.

    Returns:
        Both as float64 tensors, on the device of `x`.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    first, second = as_tensor(x, names[0], least), as_tensor(y, names[1], least)
    if first.shape[1] != second.shape[1]:
        raise MetricError(
            f"`{names[1]}` has {second.shape[1]} columns, but `{names[0]}` has {first.shape[1]} "
            "of them."
        )
    return first, second.to(first.device)


def two_samples(x: SampleLike, y: SampleLike, least: int = 2) -> tuple[Floats, Floats]:
    """Return what `two_tensors` does as arrays, for estimators that work on the CPU only.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    first, second = two_tensors(x, y, least)
    return first.cpu().numpy(), second.cpu().numpy()


def as_positive(values: Sequence[float] | Floats, name: str) -> Floats:
    """Return `values` as a non-empty vector of positive finite numbers.

    Raises:
        MetricError: naming the argument.
    """
    try:
        vector: Floats = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        vector = np.empty(0)
    if vector.ndim != 1 or len(vector) == 0 or not np.all((vector > 0) & np.isfinite(vector)):
        raise MetricError(f"`{name}` must be a non-empty list of positive finite numbers.")
    return vector


def at_least(value: int, least: int, name: str) -> int:
    """Return a whole number that is large enough.

    Raises:
        MetricError: naming the argument.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise MetricError(f"`{name}` must be a whole number, at least {least}, not {value!r}.")
    return int(value)


def log_densities(log_prob: Callable[[Floats], ArrayLike], rows: Floats) -> Floats:
    """Return `log_prob` of `rows` as an array (n,), minus infinity outside the support.

    Raises:
        MetricError: if it returns anything else than one number below infinity for each row.
    """
    values: Floats = np.asarray(log_prob(rows), dtype=np.float64)
    if values.shape != (len(rows),) or np.isnan(values).any() or np.isposinf(values).any():
        raise MetricError("`log_prob` must return one number below infinity for each row.")
    return values


def row_codes(rows: Tensor | Floats) -> NDArray[np.uint64]:
    """Return one number (n,) per row; equal rows have equal codes, others hardly ever have."""
    array = rows.cpu().numpy() if isinstance(rows, Tensor) else rows
    bits = np.ascontiguousarray(array + 0.0).view(np.uint64)  # + 0 makes a plain zero of -0
    mixed = (bits ^ (bits >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    factors = np.random.default_rng(0).integers(2**64, size=bits.shape[1], dtype=np.uint64)
    codes: NDArray[np.uint64] = (mixed * (factors | np.uint64(1))).sum(axis=1, dtype=np.uint64)
    return codes


def sameness(
    x: Tensor | Floats, y: Tensor | Floats, names: tuple[str, str] = ("x", "y")
) -> list[str]:
    """Return a warning where both samples hold the same rows, in whatever order; else none."""
    if len(x) != len(y) or not np.array_equal(np.sort(row_codes(x)), np.sort(row_codes(y))):
        return []
    first, second = names
    return [f"`{first}` and `{second}` hold the same rows: they are no independent samples."]


def warnings_of(
    x: Tensor | Floats, y: Tensor | Floats, *more: str, names: tuple[str, str] = ("x", "y")
) -> dict[str, object]:
    """Say what makes a score of these samples doubtful: `{"warnings": [...]}`, or nothing.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        more: sentences that the estimator adds.
        names: of the arguments, as the caller knows them.
    """
    warnings = sameness(x, y, names)
    still = [bool(each) for each in ((x == x[0]).all(0) & (y == x[0]).all(0))]
    if constant := [str(index) for index, is_still in enumerate(still) if is_still]:
        warnings.append(
            f"Constant in both samples, and so without a say: column {listed(constant)}."
        )
    warnings += more
    return {"warnings": warnings} if warnings else {}


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence, only the first five of many."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def check_rng(rng: object) -> None:
    """See that random numbers come from where they can be repeated.

    Raises:
        MetricError: if it is no generator of NumPy.
    """
    if not isinstance(rng, np.random.Generator):
        raise MetricError(
            f"`rng` must be a generator such as numpy.random.default_rng(0), not {rng!r}."
        )


def reference_rows(reference: SampleLike | None, default: Tensor) -> Tensor:
    """Return the rows that scales are taken from, on the device of the default.

    Raises:
        MetricError: if they have other columns, or make no sense.
    """
    if reference is None:
        return default
    rows = as_tensor(reference, "reference")
    if rows.shape[1] != default.shape[1]:
        raise MetricError(
            f"`reference` has {rows.shape[1]} columns, but the samples have {default.shape[1]}."
        )
    return rows.to(default.device)
