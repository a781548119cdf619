"""The result store: a folder of runs, each published whole by one rename.

```
<folder>/experiment.json       what was asked for: grids, commands, environments
<folder>/cells/<sha256>.parquet  every cell that was asked for, and the ids of its runs
<folder>/runs/<id>/            run.json, history.parquet, samples.safetensors,
                               generator.safetensors, critic.safetensors, scores.parquet,
                               log.txt, manifest.json
<folder>/floors/<id>.json      real-vs-real scores, shared by all runs of a dataset
<folder>/checkpoints/          of blocks of seeds that are being trained
<folder>/quarantine/           what was found damaged
<folder>/.work/                what is not published yet, and who is at work on what
<folder>/.index/               what was read before; may be deleted
```
Every file has a `format` or lies beside one, and a sha256; an older format is read, a newer one
refused. No pickle anywhere.
"""

from ganbench.store.contents import FAILURES, STATUSES, Json, RunFiles
from ganbench.store.folder import Store

__all__ = ["FAILURES", "STATUSES", "Json", "RunFiles", "Store"]
