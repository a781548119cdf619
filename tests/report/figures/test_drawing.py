"""Figures by name: files, captions, names that were chosen to do harm."""

import itertools
import warnings
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from ganbench.errors import SpecError, UnknownComponentError
from ganbench.report.figures import KINDS
from ganbench.report.figures.drawing import chosen_kinds, restricted, written
from ganbench.report.figures.encoding import encode, film
from ganbench.report.figures.lettering import label

FITS = {
    "ring8": {
        "samples", "heatmaps", "seed-strips", "learning-curves", "rank-evolution", "pareto",
        "score-agreement", "density", "witness", "performance-profiles",
    },
    "people": {
        "samples", "heatmaps", "seed-strips", "learning-curves", "rank-evolution", "pareto",
        "score-agreement", "correlation-maps", "performance-profiles",
    },
}  # fmt: skip
"""What can be drawn without players, modes or sequences."""
NAMES = ["dataset", "prior", "generator", "discriminator", "loss"]


def renamed(results, text):
    """Append a text to every name of the results, but for one dataset."""
    frame = results.frame[results.frame["dataset"].eq("ring8")].copy()
    for column in (*NAMES, "metric", "estimator"):
        there = frame[column].notna()
        frame.loc[there, column] = frame.loc[there, column] + text

    def history(run):
        curves = results.history(run)
        scores = curves["quantity"].str.replace("/", f"{text}/") + text
        losses = curves["quantity"].str.endswith("_loss")
        return curves.assign(quantity=curves["quantity"].where(losses, scores))

    return replace(
        results,
        name=text,
        frame=frame,
        history=history,
        dataset=lambda _: results.dataset("ring8"),
    )


@pytest.mark.parametrize("dataset", FITS)
def test_all_that_fits_is_written_and_the_rest_is_said(few, tmp_path, dataset):
    mine = restricted(few, [dataset], None)
    outcomes = list(written(mine, chosen_kinds(()), "png", tmp_path))
    assert {outcome.kind for outcome in outcomes if outcome.path} == FITS[dataset]
    assert {outcome.kind for outcome in outcomes} == set(KINDS) - {"animation"}
    for outcome in outcomes:
        assert outcome.caption
        assert outcome.of == ("demo" if KINDS[outcome.kind].whole else dataset)
        if outcome.path is not None:
            assert outcome.path.read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == len(FITS[dataset])


@pytest.mark.parametrize("name", sorted(FITS["ring8"] | FITS["people"]))
def test_captions_say_how_many_seeds_there_are(results, name):
    caption = KINDS[name].caption(results, "people" if name in FITS["people"] else "ring8")
    assert any(
        words in caption for words in ("n = 3 to 4 ok seeds", "n is the", "the median", "95%")
    )


@pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_results_give_the_same_bytes(few, tmp_path, format, start):
    kinds = [KINDS[name] for name in ("density", "witness", "pareto", "score-agreement")]
    mine = restricted(few, ["ring8"], None)
    first, second = (
        [outcome.path.read_bytes() for outcome in written(mine, kinds, format, tmp_path / place)]
        for place in ("one", "two")
    )
    assert first == second
    assert all(data.startswith(start) for data in first)


@pytest.mark.parametrize("name", sorted(FITS["ring8"]))
@pytest.mark.parametrize("text", ["x" * 100, "_" * 40 + "$a_{1}$" * 10, " \t\u202e漢字<b>&"])
def test_hostile_names_leave_room_and_give_no_warning(few, name, text):
    mine = renamed(few, text)
    kind = KINDS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = kind.draw(mine, f"ring8{text}")
        data = encode(figure, "svg")
    for element in ElementTree.fromstring(data).iter():
        assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "a", "iframe")
    assert max(figure.get_size_inches()) < 40
    for axis in (each for each in figure.axes if each.get_label() != "<colorbar>"):
        box = axis.get_window_extent()
        assert min(box.width, box.height) > 5


@pytest.mark.parametrize("name", ["heatmaps", "seed-strips"])
def test_long_names_of_lines_do_not_run_into_each_other(results, name):
    figure = KINDS[name].draw(renamed(results, "x" * 100), "ring8" + "x" * 100)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 5
    for below, above in itertools.pairwise(boxes):
        assert below.y1 <= above.y0 + 1


def test_a_run_alone_is_drawn_alone(results, tmp_path):
    alone = restricted(results, (), "ring8-small-2-1")
    assert set(alone.frame["run_id"]) == {"ring8-small-2-1"}
    (outcome,) = written(alone, [KINDS["samples"]], "png", tmp_path)
    assert outcome.path.name == "ring8-samples.png"


def test_unknown_names_are_sentences(results):
    with pytest.raises(UnknownComponentError, match=r"densty.*Did you mean 'density'"):
        chosen_kinds(["densty"])
    with pytest.raises(UnknownComponentError, match="ring9"):
        restricted(results, ["ring9"], None)
    with pytest.raises(SpecError, match="No run begins with 'nothing'"):
        restricted(results, (), "nothing")
    with pytest.raises(SpecError, match=r"\d+ runs begin with 'ring8'"):
        restricted(results, (), "ring8")


def test_a_dataset_that_raises_costs_only_its_own_figures(results, tmp_path):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("no such law")

    mine = restricted(replace(results, dataset=lambda _: Broken()), ["ring8"], None)
    outcomes = list(written(mine, [KINDS["density"], KINDS["pareto"]], "png", tmp_path))
    assert "no such law" in outcomes[0].caption
    assert [outcome.path is None for outcome in outcomes] == [True, False]


# ------------------------------------------------------------------------------- common pieces


def test_names_are_broken_and_the_middle_of_long_ones_left_out():
    assert label("ns+r1(gamma=0.1)") == "ns+r1(gamma=0.1)"
    assert label("a" * 30, 10) == "\n".join(["a" * 10] * 3)
    lines = label("a" * 50 + "b" * 50, 10, 4).split("\n")
    assert lines == ["a" * 10, "a" * 10, "…", "b" * 10]
    assert label("a\tb") == "a·b"


def test_a_film_shows_each_picture(tmp_path):
    from PIL import Image

    figures = [Figure(figsize=(1, height)) for height in (1.0, 1.5, 1.0)]
    figures[1].text(0.5, 0.5, "x")
    figures[2].text(0.5, 0.5, "y")
    (file := tmp_path / "film.gif").write_bytes(film(figures, seconds=3))
    with Image.open(file) as image:
        assert (image.n_frames, image.size) == (3, (150, 225))
        durations = []
        for frame in range(3):
            image.seek(frame)
            durations.append(image.info["duration"])
    assert durations == [1000, 1000, 3000]
