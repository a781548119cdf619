"""The conformance kit: what every component must do, for third parties and for ganbench itself.

Subclass the class of a kind in a test file and name your component:

    from ganbench.testing import LossConformance

    class TestMine(LossConformance):
        component = "mine"

`ganbench plugin check mine` runs the same rules without a test file. docs/testing.md lists them.
"""

from ganbench.testing.classes import (
    ArchitectureConformance,
    BaselineConformance,
    DatasetConformance,
    LossConformance,
    MetricConformance,
    PriorConformance,
    RegularizerConformance,
    TrackerConformance,
)

__all__ = [
    "ArchitectureConformance", "BaselineConformance", "DatasetConformance", "LossConformance",
    "MetricConformance", "PriorConformance", "RegularizerConformance", "TrackerConformance",
]  # fmt: skip
