"""Figures as files."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ganbench.report.figures.encoding import encode


@pytest.mark.parametrize("name", ["kl-wgan+gp(weight=0.1)", "uniform_sum(terms=12)", "w" * 30])
def test_long_names_stay_within_the_picture(name):
    figure = Figure(figsize=(5, 2), layout="constrained")
    figure.subplots().set_yticks([0], [name])
    pixels = np.asarray(Image.open(io.BytesIO(encode(figure, "png"))).convert("L"))
    assert (pixels[:, :2] == 255).all()
