"""Which distributions and files results came from, as requirements for pip.

What results say of themselves may be a stranger's: what is no plain requirement becomes a comment.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ganbench.escaping import plain
from ganbench.store import Json, Store

_PINNED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])? [A-Za-z0-9.!+_-]+")
_URL = re.compile(r"https?://[^\s#]+|ssh://[^\s#]+")
_WORD = re.compile(r"[A-Za-z0-9._/-]+")

Sources = dict[str, Mapping[str, Any]]
"""Owner -> where its code was from, see `Plugin.source`."""


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping as it is, and an empty one where something else stands in its place."""
    return value if isinstance(value, dict) else {}


def comment(text: str) -> str:
    """Write a text as one line that neither pip nor a shell reads."""
    return f"# {' '.join(plain(text).split())}"


def frozen(store: Store, run_ids: Collection[str] | None = None) -> list[str]:
    """Pin the plugins that stored runs used, a line for each, as requirements for pip.

    Args:
        store: the results.
        run_ids: of these runs; of all if None.

    Returns:
        Requirements, and comments on what pip cannot install.
    """
    owners: set[str] = set()
    sources: Sources = {}
    silent = 0
    chosen = set(store.ids() if run_ids is None else run_ids)
    for run_id in sorted(chosen):
        sources.update(sources_of(store.run(run_id)))
        scores = store.scores(run_id)
        if scores is not None and "owner" in scores:
            owners |= set(scores["owner"].dropna())
        elif scores is not None:
            silent += 1
    for cell in store.experiment()["cells"].values():
        if chosen.intersection(cell["runs"].values()):
            owners |= set(owners_of(cell))
    lines = [each for name in _named(owners) for each in _one_of(name, owners, sources)]
    if silent:
        lines.append(comment(f"Runs that do not tell where their metrics came from: {silent}."))
    return lines


def owners_of(cell: Json) -> list[str]:
    """Name the owners of a cell's components, as its record has them."""
    owners = str(cell.get("origin", "")).partition("; data ")[0]
    return [owner for owner in owners.split(", ") if owner]


def sources_of(run: Json) -> Sources:
    """Return where the plugins of a run were from; nothing where an index had them."""
    found = mapping(mapping(run.get("environment")).get("sources"))
    return {owner: mapping(source) for owner, source in found.items()}


def _named(owners: Iterable[str]) -> list[str]:
    return sorted({owner.partition(" ")[0] for owner in owners})


def _one_of(name: str, owners: Iterable[str], sources: Sources) -> list[str]:
    """Pin one distribution; where runs had several versions, leave the choice to the reader."""
    versions = sorted(owner for owner in owners if owner.partition(" ")[0] == name)
    lines = [pin(owner, sources.get(owner, {})) for owner in versions]
    if len(lines) == 1:
        return lines
    told = f"The runs had several versions of {name}; take one, or see --run."
    return [comment(told), *(comment(line.removeprefix("# ")) for line in lines)]


def pin(owner: str, source: Mapping[str, Any]) -> str:
    """Write the requirement of an owner, or a comment where there can be none.

    Args:
        owner: distribution and version, or file and the beginning of its sha256.
        source: where it was from.
    """
    if "file" in source or owner.partition(" ")[0].endswith(".py"):
        digest = source.get("sha256", f"{owner.rpartition(' ')[2]}…")
        return comment(
            f"{source.get('file', owner.partition(' ')[0])}, a single file with sha256 {digest}: "
            "name it with --plugin."
        )
    if not _PINNED.fullmatch(owner):
        return comment(f"{owner}: no distribution that pip could install.")
    name, _, version = owner.partition(" ")
    direct = mapping(source.get("direct_url"))
    return _direct(name, version, direct) if direct else f"{name}=={version}"


def _direct(name: str, version: str, direct: Mapping[str, Any]) -> str:
    """Write the requirement of what was installed from a place of its own (PEP 610)."""
    url, vcs = str(direct.get("url", "")), mapping(direct.get("vcs_info"))
    part = str(direct.get("subdirectory", ""))
    below = f"#subdirectory={part}" if _WORD.fullmatch(part) else ""
    kind, commit = str(vcs.get("vcs", "")), str(vcs.get("commit_id", ""))
    if _URL.fullmatch(url) and _WORD.fullmatch(kind) and _WORD.fullmatch(commit):
        return f"{name} @ {kind}+{url}@{commit}{below}"
    if _URL.fullmatch(url) and "archive_info" in direct:
        hashes = mapping(mapping(direct["archive_info"]).get("hashes"))
        digest = str(hashes.get("sha256", ""))
        return f"{name} @ {url}#sha256={digest}" if _WORD.fullmatch(digest) else f"{name} @ {url}"
    how = "editable, " if mapping(direct.get("dir_info")).get("editable") else ""
    return comment(
        f"{name}=={version} was installed from {url} ({how}on the machine that made the results), "
        "which may hold other code than any release: install that source."
    )
