"""A generator as a file for torch alone, beside it as JSON what goes in and what comes out."""

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ganbench.api import Column, Dataset
from ganbench.cells import ENGINE_VERSION
from ganbench.errors import SpecError, StoreError
from ganbench.store import Json
from ganbench.training.programs import program
from ganbench.training.sampling import Stored

FORMAT = 1
_ENDING = ".pt2"
_DRAWS = 100_000
_MOST_CODES = 1025
"""Of a column with any number of values, whose codes are interpolated."""


def write_generator(stored: Stored, run_id: str, path: Path) -> Path:
    """Write the generator of a run for `torch.export.load`, and a JSON file beside it.

    Args:
        stored: the run.
        run_id: its id.
        path: of the program.

    Returns:
        The path of the JSON file: the same with the ending .json.

    Raises:
        SpecError: if the path does not end in .pt2, it is a baseline, or torch cannot export it.
        StoreError: if the files cannot be written.
    """
    if path.suffix != _ENDING:
        raise SpecError(
            f"'{path}' cannot name a generator's program: it must end in {_ENDING}, such as "
            f"{path.stem or 'generator'}{_ENDING}, and beside it goes the same with .json."
        )
    exported, noise, samples = program(stored)
    buffer = io.BytesIO()
    torch.export.save(exported, buffer)
    told: Json = {
        "format": FORMAT,
        "run": run_id,
        "seed": stored.seed,
        **stored.cell.labels,
        "engine": ENGINE_VERSION,
        "torch": torch.__version__,
        "noise": _noise(stored, noise),
        "samples": _samples(stored.cell.dataset.value.judged),
    }
    if not told["noise"]["random"]:
        told["example"] = {"noise": noise.tolist(), "samples": samples.tolist()}
    beside = path.with_suffix(".json")
    try:
        _write(path, buffer.getvalue())
        _write(beside, f"{json.dumps(told, indent=1, default=str)}\n".encode())
    except OSError as error:
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}.") from None
    return beside


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _noise(stored: Stored, noise: Tensor) -> Json:
    """Describe what the program reads."""
    conditions, entry = stored.conditions, stored.cell.prior.entry
    told = 0 if conditions is None else conditions.width
    described: Json = {
        "prior": stored.cell.prior.label,
        "parameters": dict(stored.cell.prior.params),
        "meaning": entry.doc.partition("\nArgs:")[0].strip(),
        "width": noise.shape[1],
        "drawn": noise.shape[1] - told,
        "random": bool(stored.players.game.generator.drawing_noise),
    }
    if conditions is not None:
        drawn = conditions.draw(_DRAWS, torch.Generator().manual_seed(0), balanced=False)
        described["conditions"] = drawn.double().mean(dim=0).tolist()
    return described


def _samples(dataset: Dataset) -> Json:
    """Describe what the program gives: rows of a dataset that is judged as it is."""
    spec = dataset.spec
    described: Json = {"kind": spec.kind, "shape": spec.shape, "low": spec.low, "high": spec.high}
    if spec.kind == "table":
        described["columns"] = _columns(dataset)
    if spec.kind == "sequence":
        described["symbols"], described["between"] = _symbols(dataset)
    return described


def _symbols(dataset: Dataset) -> tuple[list[str], str]:
    """Return the text of each symbol, and what stands between two."""
    length, count = dataset.spec.shape
    names = list(dataset.symbols or map(str, range(count)))
    first = torch.nn.functional.one_hot(torch.zeros(1, length, dtype=torch.int64), count)
    (text,) = dataset.to_text(first.float()) or [""]
    rest = len(text) - length * len(names[0])
    return names, text[len(names[0]) :][: rest // max(1, length - 1)]


def _columns(dataset: Dataset) -> list[Json]:
    """Describe each column: where it lies, and the value of each place or code."""
    both = [dataset.rows("train"), dataset.rows("test")]
    if (rows := [each for each in both if each is not None]) != []:
        x = torch.cat(rows)
    else:
        x = dataset.sample(_DRAWS, "train", torch.Generator().manual_seed(0))
    frame = dataset.to_frame(x)
    described, start = [], 0
    for column in dataset.spec.columns:
        block = x[:, start : start + column.width]
        values = None if frame is None else frame[column.name]
        described.append({"start": start, **_column(column, block, values)})
        start += column.width
    return described


def _column(column: Column, block: Tensor, values: pd.Series | None) -> Json:
    told: Json = {"name": column.name, "kind": column.kind, "width": column.width}
    if column.kind == "categorical":
        return {**told, "levels": list(map(_plain, column.levels))}
    if values is None:
        return told
    there = values.notna().to_numpy()
    codes, places = np.unique(block[:, 0].double().numpy()[there], return_index=True)
    known = values[there].iloc[places]
    discrete = bool(column.levels)
    if not discrete:
        some = np.linspace(0, len(codes) - 1, min(len(codes), _MOST_CODES)).round().astype(int)
        codes, known = codes[some], known.iloc[some]
    return {
        **told,
        "discrete": discrete,
        "missing": len(column.spans) > 1,
        "codes": codes.tolist(),
        "values": list(map(_plain, known)),
    }


def _plain(value: object) -> Any:
    """Turn a value of a table into what JSON holds, and what it does not into text."""
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, bool | int | float | str | None) else str(value)
