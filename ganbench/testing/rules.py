"""What a rule is, and what comes of it: the same for test classes and for the command."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
        check: looks at a component; raises `BrokenRuleError` or `NotApplicable`, and may return
            a remark.
    """

    name: str
    kinds: tuple[str, ...]
    statement: str
    mend: str
    check: Check


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


def rule(*kinds: str, mend: str) -> Callable[[Check], Rule]:
    """Make a rule of a function; its name and docstring become name and statement."""

    def made(check: Check) -> Rule:
        name = check.__name__.replace("_", "-")
        return Rule(name, kinds, " ".join((check.__doc__ or "").split()), mend, check)

    return made


def judge(rule: Rule, subject: "Subject") -> Verdict:
    """See whether a component keeps a rule; whatever it raises breaks it."""
    try:
        with unchanged([]):
            found = rule.check(subject)
    except NotApplicable as reason:
        return Verdict(rule, "not applicable", str(reason))
    except (Exception, SystemExit) as error:
        return Verdict(rule, "failed", _told(error))
    return Verdict(rule, "ok", found or "")


def _told(error: BaseException) -> str:
    told = str(error) if isinstance(error, BrokenRuleError | GanbenchError) else said(error)
    at = place(error.__cause__ or error)
    return f"{told} ({at})" if at else told


def require(holds: object, found: str) -> None:
    """Go on if something holds.

    Raises:
        BrokenRuleError: otherwise, with what was found.
    """
    if not holds:
        raise BrokenRuleError(found)
