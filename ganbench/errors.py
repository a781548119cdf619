"""The errors that ganbench raises on purpose; the command line turns each into one sentence."""


class GanbenchError(Exception):
    """Base of all expected errors; `exit_code` is what the command line exits with."""

    exit_code = 2


class SpecError(GanbenchError):
    """A grid, component expression, option or argument does not make sense."""


class UnknownComponentError(SpecError):
    """No component, grid or metric has the requested name."""


class MetricError(SpecError):
    """An estimator cannot work on the sample that it was given."""


class PluginError(GanbenchError):
    """A plugin broke its contract, or two plugins own one name."""

    exit_code = 3


class InvalidOutputError(PluginError):
    """A component gave something that is not what it must give: shape, type, or not finite."""


class Interrupted(Exception):  # noqa: N818 - it is no error
    """Work was asked to stop, and has stopped where it can go on from."""


class ChangedInputError(PluginError):
    """A component changed in place what it was given."""


class DeviceError(GanbenchError):
    """A device or resource that was asked for is not there."""

    exit_code = 3


class NotCachedError(GanbenchError):
    """Data that have to be fetched over the network first are not in the cache."""

    exit_code = 3


class StoreError(GanbenchError):
    """The results folder cannot be read or written, or what it holds is damaged."""

    exit_code = 4
