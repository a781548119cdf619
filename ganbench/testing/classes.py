"""The rules as test classes: subclass one in a test file and name a component."""

from typing import Any, ClassVar

from ganbench.components import parse_single
from ganbench.plugins import Registry
from ganbench.testing.rules import BrokenRuleError, NotApplicable, Rule
from ganbench.testing.subject import Subject, installed
from ganbench.testing.suite import rules_of


class Conformance:
    """Tests a component against all rules of its kind, one test for each rule.

    Attributes:
        component: what is tested: a name, or an expression such as `mine(width=8)`.
        data: expressions of datasets that it has to get along with; by default the kit's own.
    """

    kind: ClassVar[str] = ""
    component: ClassVar[str] = ""
    data: ClassVar[tuple[str, ...]] = ()
    _made: ClassVar[Subject]

    def __init_subclass__(cls, **extra: Any) -> None:
        super().__init_subclass__(**extra)
        if "kind" in vars(cls):
            for each in rules_of(cls.kind):
                setattr(cls, f"test_{each.name.replace('-', '_')}", _test(each))

    @classmethod
    def registry(cls) -> Registry:
        """Return where the component is found: among the installed plugins."""
        return installed()

    @classmethod
    def subject(cls) -> Subject:
        """Return the component among its partners, built once for all tests."""
        if "_made" not in vars(cls):
            cls._made = Subject(cls.kind, parse_single(cls.component), cls.registry(), cls.data)
        return cls._made


def _test(rule: Rule) -> Any:
    def test(self: Conformance) -> None:
        import pytest

        try:
            rule.check(self.subject())
        except NotApplicable as reason:
            pytest.skip(str(reason))
        except BrokenRuleError as error:
            pytest.fail(f"{rule.statement} {error} {rule.mend}", pytrace=False)
        except Exception as error:
            error.add_note(f"{rule.statement} {rule.mend}")
            raise

    test.__doc__ = rule.statement
    return test


class LossConformance(Conformance):
    """Tests a loss."""

    kind = "loss"


class RegularizerConformance(Conformance):
    """Tests a regularizer."""

    kind = "regularizer"


class ArchitectureConformance(Conformance):
    """Tests a family of players."""

    kind = "architecture"


class DatasetConformance(Conformance):
    """Tests a dataset."""

    kind = "dataset"


class PriorConformance(Conformance):
    """Tests a prior."""

    kind = "prior"


class MetricConformance(Conformance):
    """Tests a metric."""

    kind = "metric"


class BaselineConformance(Conformance):
    """Tests a baseline."""

    kind = "baseline"


class TrackerConformance(Conformance):
    """Tests a tracker."""

    kind = "tracker"
