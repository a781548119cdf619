"""The plan: only what is missing is done."""

import torch

from ganbench.cells import plan
from ganbench.execution.experiment import record_experiment
from ganbench.execution.tasks import make_plan


def kinds(plan):
    return sorted(task.kind for task in plan.tasks)


def stamps(store):
    """When each run's generator was written."""
    return {
        path.parent.name: path.stat().st_mtime_ns
        for path in store.folder.glob("runs/*/generator.safetensors")
    }


def test_everything_is_missing_at_first_and_cached_afterwards(planned, done, grid):
    first = planned(grid())
    assert kinds(first) == ["floor", "train"]
    assert first.cells[0].count("missing") == 2
    assert list(done(grid()).statuses.values()) == ["ok", "ok"]
    again = planned(grid())
    assert again.tasks == []
    assert again.cells[0].count("ok") == 2
    assert kinds(planned(grid(), "all")) == ["train"]
    assert planned(grid(), "failures").tasks == []


def test_blocks_hold_as_many_seeds_as_the_recipe_says(planned, grid):
    tasks = [task for task in planned(grid(seeds=5)).tasks if task.kind == "train"]
    assert [list(task.runs) for task in tasks] == [[0, 1], [2, 3], [4]]


def test_the_largest_tasks_start_first(planned, grid):
    override = {"where": {"dataset": "spot"}, "set": {"generator_steps": 50}}
    tasks = planned(grid(datasets=["trouble", "spot"], override=[override])).tasks
    titles = [task.title for task in tasks if task.kind == "train"]
    assert [title.split()[0] for title in titles] == ["spot", "trouble"]


def test_more_seeds_run_only_what_is_missing(done, planned, grid, store):
    done(grid())
    before = stamps(store)
    (task,) = planned(grid(seeds=3)).tasks
    assert (task.kind, list(task.runs)) == ("train", [2])
    done(grid(seeds=3))
    after = stamps(store)
    assert len(after) == 3
    assert before.items() <= after.items()


def test_a_seed_is_the_same_whenever_it_is_added(done, grid, store, planned):
    done(grid(seeds=[0]))
    done(grid(seeds=[0, 1]))
    apart = {run_id: store.samples(run_id) for run_id in store.runs()}
    done(grid(seeds=[0, 1]), redo="all")
    for run_id, samples in apart.items():
        assert torch.equal(samples, store.samples(run_id))


def test_a_new_metric_scores_without_training(done, planned, grid, store):
    done(grid())
    states = {run_id: store.generator(run_id) for run_id in store.runs()}
    scores = {run_id: store.scores(run_id) for run_id in states}
    more = grid(metrics=["mean", "mmd(permutations=19)"])
    assert kinds(planned(more)) == ["floor", "score"]
    done(more)
    assert planned(more).tasks == []
    for run_id, state in states.items():
        after = store.scores(run_id)
        assert list(after["metric"]) == ["mean", "mmd(permutations=19)"]
        assert after["value"][0] == scores[run_id]["value"][0]
        assert all(torch.equal(store.generator(run_id)[name], state[name]) for name in state)
    assert planned(grid()).tasks == [], "the old grid lacks nothing"


def test_changed_evaluation_scores_again(done, planned, grid, store):
    done(grid())
    changed = grid(evaluation={"samples": 50, "floor_splits": 2, "seed": 1})
    assert kinds(planned(changed)) == ["floor", "score"]
    done(changed)
    assert planned(changed).tasks == []
    for run_id in store.runs():
        assert list(store.scores(run_id)["metric"]) == ["mean"]


def test_a_run_without_fitting_metrics_is_ok_and_can_be_scored_later(done, planned, grid, store):
    nothing = grid(metrics=["misfit"])
    assert set(done(nothing).statuses.values()) == {"ok"}
    assert planned(nothing).tasks == []
    done(grid())
    assert [len(store.scores(run_id)) for run_id in store.runs()] == [1, 1]


def test_incompatible_cells_are_planned_with_their_reason_and_not_run(planned, grid):
    todo = planned(grid(architectures=["dcgan"]))
    assert todo.tasks == []
    assert todo.run_ids == set()
    assert todo.cells[0].count("incompatible") == 2
    assert "fits image data" in todo.record(todo.cells[0])["misfit"]


def test_failed_runs_are_left_alone_unless_they_are_asked_for(done, planned, grid, store):
    failing = grid(datasets=["trouble"], seeds=[0])
    assert list(done(failing).statuses.values()) == ["failed"]
    assert planned(failing).tasks == []
    assert kinds(planned(failing, "failures")) == ["train"]
    assert kinds(planned(failing, "all")) == ["train"]


def test_the_plan_of_an_empty_store_needs_no_folder(troubled, grid, tmp_path):
    from ganbench.store import Store

    missing = Store(tmp_path / "nowhere")
    todo = make_plan(grid(), plan(grid(), troubled), [], torch.device("cpu"), missing)
    assert kinds(todo) == ["train"]
    assert not missing.folder.exists()


def test_more_samples_than_are_stored_mean_training_again(done, planned, grid):
    done(grid())
    more = {"samples": 60, "floor_splits": 2}
    assert kinds(planned(grid(evaluation=more))) == ["floor", "train"]
    fewer = {"samples": 50, "floor_splits": 3}
    assert kinds(planned(grid(evaluation=fewer))) == ["floor", "score"]


def test_what_was_made_by_another_engine_is_another_cell(
    planned, grid, store, troubled, monkeypatch
):
    store.create()
    record_experiment(store, planned(grid()), grid(), troubled)
    monkeypatch.setattr("ganbench.cells.ENGINE_VERSION", 99)
    record_experiment(store, planned(grid(seeds=1)), grid(seeds=1), troubled)
    cells = list(store.experiment()["cells"].values())
    assert [len(cell["runs"]) for cell in cells] == [2, 1]
    assert cells[0]["origin"] != cells[1]["origin"]
