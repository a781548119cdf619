"""What a rule is, and what comes of it: the same for test classes and for the command."""

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from ganbench.blame import place
from ganbench.errors import GanbenchError
from ganbench.escaping import said
from ganbench.isolation import unchanged

if TYPE_CHECKING:
    from ganbench.testing.subject import Subject

Status = Literal["ok", "failed", "not applicable"]
Check = Callable[["Subject"], str | None]


class BrokenRuleError(AssertionError):
    """A component breaks a rule; the message says what was found."""


class NotApplicable(Exception):  # noqa: N818 - it is no error
    """A rule says nothing of a component; the message says why."""


@dataclass(frozen=True)
class Rule:
    """One thing that components must do.

    Attributes:
        name: in a few words, joined by hyphens.
        kinds: of components that it is about.
        statement: the rule, in a sentence.
        mend: how to keep it, in a sentence.
        look: at a component; raises `BrokenRuleError` or `NotApplicable`, and may return a
            remark.
        after: the rule that a component must keep for this one to say anything.
    """

    name: str
    kinds: tuple[str, ...]
    statement: str
    mend: str
    look: Check
    after: "Rule | None" = field(default=None, repr=False)

    def check(self, subject: "Subject") -> str | None:
        """Look at a component, unless it breaks a rule before: one fault is told once.

        Returns:
            A remark, if there is one.

        Raises:
            NotApplicable: if the rule says nothing of it.
            Exception: whatever else breaks it, most of them a `BrokenRuleError`.
        """
        if broken := self._broken_before(subject):
            raise NotApplicable(f"It breaks {broken}, and cannot be tried.")
        return self.look(subject)

    def _broken_before(self, subject: "Subject") -> str:
        """Name the first rule before this one that a component breaks, if any."""
        if self.after is None:
            return ""
        if broken := self.after._broken_before(subject):
            return broken
        known = subject.kind in self.after.kinds
        return self.after.name if known and judge(self.after, subject).status == "failed" else ""


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a component.

    Attributes:
        rule: which.
        status: whether it is kept.
        found: what was found, or why the rule does not apply; may be empty.
    """

    rule: Rule
    status: Status
    found: str = ""


def rule(*kinds: str, mend: str, after: Rule | None = None) -> Callable[[Check], Rule]:
    """Make a rule of a function; its name and docstring become name and statement."""

    def made(check: Check) -> Rule:
        name = check.__name__.replace("_", "-")
        return Rule(name, kinds, " ".join((check.__doc__ or "").split()), mend, check, after)

    return made


def judge(rule: Rule, subject: "Subject") -> Verdict:
    """See, once, whether a component keeps a rule; whatever it raises breaks it."""
    if rule.name not in subject.verdicts:
        subject.verdicts[rule.name] = _judged(rule, subject)
    return subject.verdicts[rule.name]


def _judged(rule: Rule, subject: "Subject") -> Verdict:
    try:
        with unchanged([]):
            _start_anew(rule.name)
            found = rule.check(subject)
    except NotApplicable as reason:
        return Verdict(rule, "not applicable", str(reason))
    except (Exception, SystemExit) as error:
        return Verdict(rule, "failed", told(error))
    return Verdict(rule, "ok", found or "")


def _start_anew(name: str) -> None:
    """Seed what nothing should draw from: else all rules begin alike, and no draw would show."""
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def told(error: BaseException) -> str:
    """Say what was raised, and which line of a plugin it came from."""
    at = place(error.__cause__ or error)
    return f"{words(error)} ({at})" if at else words(error)


def words(error: BaseException) -> str:
    """Say what was raised: a sentence that is meant for people stands for itself."""
    return str(error) if isinstance(error, BrokenRuleError | GanbenchError) else said(error)


def require(holds: object, found: str) -> None:
    """Go on if something holds.

    Raises:
        BrokenRuleError: otherwise, with what was found.
    """
    if not holds:
        raise BrokenRuleError(found)
