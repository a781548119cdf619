"""Reading parquet files in one thread."""

import subprocess
import sys

import pandas as pd

READ = """
import sys
from pathlib import Path

import psutil

from ganbench.store.parquet import read_parquet

data = Path(sys.argv[1]).read_bytes()
before = psutil.Process().num_threads()
rows = read_parquet(data).to_pandas(use_threads=False)
print(rows["value"].sum(), psutil.Process().num_threads() - before)
"""


def test_no_thread_is_left_that_could_abort_the_process_at_its_end(tmp_path):
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"value": range(10), "name": "a"}).to_parquet(path)
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["45", "0"]
