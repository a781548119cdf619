"""The results that the benchmark of large pages makes up look like stored ones."""

from benchmarks.scale.opening import made_up
from ganbench.report.tables import tidy


def test_made_up_results_have_every_column(registry):
    results = made_up(500, registry)
    assert results.frame["run_id"].nunique() == len(results.experiment["cells"]) * 5 == 500
    assert tidy(results.frame).notna().all(axis=0)[["value", "generator_passes"]].all()
