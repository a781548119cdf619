"""What components say of themselves: meaning, parameters, what fits them, what they recommend."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ganbench.api import TRAITS, Traits
from ganbench.cache import hidden
from ganbench.components import Component
from ganbench.errors import NotCachedError
from ganbench.plugins import KINDS, Entry, Registry

_SECTION = re.compile(r"^(Args|Source|Raises|Returns|Kind|Size|Licence):\s*", re.MULTILINE)
_ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n {5,}\S.*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Described:
    """A component, described.

    Attributes:
        entry: what is described.
        text: its docstring without parameters and source: the summary and the formula.
        meanings: name of each parameter -> what it means.
        facts: further lines, by what they are about.
    """

    entry: Entry
    text: str
    meanings: Mapping[str, str]
    facts: Mapping[str, str]


def describe(entry: Entry, registry: Registry) -> Described:
    """Describe a component by its docstring and by what it makes with its defaults."""
    text = _SECTION.split(entry.doc)[0].strip()
    facts: dict[str, str] = {}
    if entry.kind in _FACTS and not any(parameter.required for parameter in entry.parameters):
        try:
            built = registry.build(entry.kind, Component(entry.name))
        except NotCachedError:
            facts = {"is kept in the cache by": f"`ganbench fetch {entry.name}`"}
        else:
            with built.answering():
                facts = {name: fact for name, fact in _FACTS[entry.kind](built.value) if fact}
    said = {title.lower(): entry.said(title) for title in ("Kind", "Size", "Licence")}
    facts = {**{title: fact for title, fact in said.items() if fact}, **facts}
    return Described(entry, text, meanings(entry), facts)


def meanings(entry: Entry) -> dict[str, str]:
    """Read from its docstring what each parameter means."""
    arguments = entry.doc.partition("Args:\n")[2]
    return {name: " ".join(words.split()) for name, words in _ARGUMENT.findall(arguments)}


Facts = Iterator[tuple[str, str]]


def _architecture(value: Any) -> Facts:
    roles = [role for role in ("generator", "discriminator") if hasattr(value, role)]
    yield "offers", " and ".join(roles)
    yield "fits", _listed(value.kinds)
    if "discriminator" in roles:
        yield "its discriminator gives", _listed(value.gives)
    if "generator" in roles:
        yield "its generator needs", _named(value.generator_needs)
    yield "recommends", _settings(value.recipe)


def _loss(value: Any) -> Facts:
    yield "asks for", TRAITS[value.output.kind] if value.output else "no critic"
    yield "needs", _named(value.needs.union(*(part.needs for part in value.regularizers)))
    yield "is", _named(value.traits)
    yield "recommends", _settings(value.recipe)


def _regularizer(value: Any) -> Facts:
    yield "needs", _named(value.needs)
    yield "recommends", _settings(value.recipe)


def _dataset(value: Any) -> Facts:
    spec = value.spec
    yield "kind", spec.kind
    yield "shape", " x ".join(map(str, spec.shape))
    yield "dimension", str(value.intrinsic_dim or "")
    yield "tails", value.tails or ""
    yield "density", "known" if value.log_prob is not None else ""


def _prior(value: Any) -> Facts:
    yield "tails", value.tails
    yield "learned", "with the generator" if value.network() is not None else ""


def _baseline(value: Any) -> Facts:
    yield "fits", _listed(value.kinds)


def _metric(value: Any) -> Facts:
    sides = [f"{name} ({side})" for name, side in value.better.items()]
    yield "reports", ", ".join(sides)
    yield "scored", "by default" if value.default else "where it is asked for"


_FACTS: Mapping[str, Callable[[Any], Facts]] = {
    "architecture": _architecture,
    "loss": _loss,
    "regularizer": _regularizer,
    "dataset": _dataset,
    "prior": _prior,
    "baseline": _baseline,
    "metric": _metric,
}


def _listed(words: Traits) -> str:
    return ", ".join(sorted(words))


def _named(traits: Traits) -> str:
    return "; ".join(TRAITS[trait] for trait in TRAITS if trait in traits)


def _settings(recipe: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in recipe.items())


# ------------------------------------------------------------------------------------ Markdown


def markdown(registry: Registry) -> str:
    """Write everything that is registered as one page."""
    parts = [
        "# Catalogue\n\nWritten by `ganbench list --markdown`. Below, a = D(real) and "
        "b = D(fake) are the critic's outputs, E is the mean over the batch and both players "
        "minimise.\n"
    ]
    for kind in KINDS:
        title = {"loss": "Losses"}.get(kind, f"{kind.capitalize()}s")
        parts.append(f"## {title}\n")
        entries = [registry.find(kind, name) for name in registry.names(kind)]
        with hidden():
            parts += [_component(describe(entry, registry)) for entry in entries]
    return "\n".join(parts).rstrip() + "\n"


def _component(described: Described) -> str:
    entry = described.entry
    lines = [f"### {entry.name}\n", described.text, ""]
    if entry.parameters:
        lines += ["| parameter | accepts | default | meaning |", "| --- | --- | --- | --- |"]
    for parameter in entry.parameters:
        default = "required" if parameter.required else f"`{parameter.default!r}`"
        cells = (f"`{parameter.name}`", _plain(parameter.accepts), default)
        meaning = _plain(described.meanings.get(parameter.name, ""))
        lines.append(f"| {' | '.join(cells)} | {meaning} |")
    if entry.parameters:
        lines.append("")
    for name, fact in described.facts.items():
        lines.append(f"- {name}: {fact}")
    if entry.source:
        lines.append(f"- source: {entry.source}")
    lines.append(f"- from: {entry.plugin}, {entry.owner.split()[0]}\n")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("|", "\\|")
