"""Raises, or leaves, in every hook that observes, and says things meanwhile."""

import sys

from ganbench.api import hookimpl


def _trouble(run):
    sys.stdout.write("garbage from a hook\n")
    run["status"] = "changed"
    if run["seed"] % 2:
        sys.exit(3)
    raise ZeroDivisionError("raises in a hook")


@hookimpl
def ganbench_run_started(run):
    _trouble(run)


@hookimpl
def ganbench_progress(run, step, values):
    _trouble(run)


@hookimpl
def ganbench_run_finished(run, scores):
    _trouble(run)
