"""What every component says of itself, and how it is built."""

from typing import Any

from ganbench import plugins
from ganbench.catalogue import meanings
from ganbench.components import Component, bind, parse_single
from ganbench.errors import NotCachedError, SpecError
from ganbench.escaping import ended, said
from ganbench.testing.rules import NotApplicable, require, rule
from ganbench.testing.subject import Subject

KINDS = tuple(kind for kind in plugins.KINDS if kind != "grid")
"""The kinds of components that there are rules for."""
_ODD = ("no such word", -1, 0, 0.5, True, None, ("a", 1))
"""Values of which no parameter takes all."""


@rule(*KINDS, mend="Rename it, or uninstall the other plugin.")
def has_a_name_of_its_own(subject: Subject) -> None:
    """Its name can be written in an expression, and no other plugin owns it."""
    name = subject.component.name
    require(parse_single(name) == Component(name), f"'{name}' cannot be written.")
    assert subject.entry  # which is refused if it has several owners


@rule(
    *KINDS,
    after=has_a_name_of_its_own,
    mend="Begin the docstring with one sentence that ends in a full stop.",
)
def has_a_summary(subject: Subject) -> None:
    """The first line of the factory's docstring is a sentence that says what it is."""
    require(subject.entry.summary.endswith("."), f"The first line is {subject.entry.summary!r}.")


@rule(
    *KINDS,
    after=has_a_name_of_its_own,
    mend="Add a line `Source: authors year, arXiv:...` to the docstring.",
)
def names_its_source(subject: Subject) -> None:
    """The factory's docstring says after `Source:` where it comes from."""
    require(subject.entry.source, "No line of its docstring begins with `Source:`.")


@rule(
    *KINDS,
    after=has_a_name_of_its_own,
    mend="Write a line `name: what it means.` for each parameter below `Args:`.",
)
def documents_its_parameters(subject: Subject) -> None:
    """Every parameter has a type and is explained in the docstring."""
    explained = meanings(subject.entry)
    for parameter in subject.entry.parameters:
        name = parameter.name
        require(parameter.annotation is not Any, f"The parameter '{name}' has no type.")
        require(name in explained, f"The parameter '{name}' is not explained below `Args:`.")


@rule(
    *KINDS,
    after=has_a_name_of_its_own,
    mend="Give each parameter a default that its own type accepts.",
)
def works_with_its_defaults(subject: Subject) -> None:
    """Every parameter has a default that fits its type; a dataset may ask for the user's file."""
    parameters = subject.entry.parameters
    missing = [each.name for each in parameters if each.required]
    if subject.kind != "dataset":
        require(not missing, f"It has no default for {', '.join(missing)}.")
    defaults = tuple((each.name, each.default) for each in parameters if not each.required)
    given = {**dict(defaults), **dict(subject.component.params)}
    if not set(missing) - set(given):
        bind(Component(subject.component.name, tuple(given.items())), parameters)


@rule(
    *KINDS,
    after=has_a_name_of_its_own,
    mend="Mend what the factory raises, and let it return an object that sets what the class of "
    "its kind declares.",
)
def can_be_built(subject: Subject) -> None:
    """The factory makes a component of its kind."""
    assert subject.built


@rule(
    *KINDS,
    after=can_be_built,
    mend="Give the parameter a type with a range, such as `PositiveInt`, or raise "
    "`ganbench.api.SpecError` with a sentence.",
)
def refuses_bad_parameters_in_a_sentence(subject: Subject) -> None:
    """A value that makes no sense is refused with a sentence, and never with another error."""
    parameters = subject.entry.parameters
    if not parameters:
        raise NotApplicable("It has no parameters.")
    for parameter in parameters:
        taken = []
        for value in _ODD:
            given = {**dict(subject.component.params), parameter.name: value}
            component = Component(subject.component.name, tuple(given.items()))
            try:
                params = bind(component, parameters)
            except SpecError:
                continue
            taken.append(value)
            try:
                subject.entry.factory(**params)
            except (SpecError, NotCachedError):
                continue
            except Exception as error:
                require(False, ended(f"{component} raised {said(error)}"))
        require(len(taken) < len(_ODD), f"'{parameter.name}' takes anything: {parameter.accepts}.")
