"""Components that raise in one of the places where their class is asked for something."""

import torch
from torch import nn

from ganbench.api import Regularizer, hookimpl
from hostile.hostile import fail
from hostile.sound import Law, Mean, Noise, Spot, Tiny, plain


class Trap:
    """Raises when the attribute or method `at` is looked up."""

    def __init__(self, at: str) -> None:
        super().__init__()
        object.__setattr__(self, "at", at)

    def __getattribute__(self, name):
        if name == object.__getattribute__(self, "__dict__").get("at"):
            fail()
        return super().__getattribute__(name)


class TrapDataset(Trap, Spot):
    pass


class TrapPrior(Trap, Noise):
    pass


class TrapBaseline(Trap, Law):
    pass


class TrapMetric(Trap, Mean):
    def __call__(self, real, fake, context):
        if self.at == "call" and context.tests:
            fail()
        return super().__call__(real, fake, context)


class TrapFloor(Mean):
    """Fails where real samples are scored against real samples."""

    def __call__(self, real, fake, context):
        fail()


class Raising(nn.Module):
    def forward(self, x):
        fail()


class TrapArchitecture(Trap, Tiny):
    """Also raises when it builds a network, or builds networks that raise when they are called."""

    def generator(self, spec, noise_dim):
        return self._spoilt("generator") or super().generator(spec, noise_dim)

    def discriminator(self, spec, output):
        return self._spoilt("discriminator") or super().discriminator(spec, output)

    def _spoilt(self, role):
        if self.at == f"{role}()":
            fail()
        return Raising() if self.at == f"{role}()()" else None


class TrapLoss(Trap):
    def __getattr__(self, name):
        return getattr(plain(), name)


class TrapRegularizer(Trap):
    """Does nothing, in every place where a regularizer may act, but for one."""

    def __getattr__(self, name):
        quiet = Regularizer(
            penalty=self._zero("penalty()"),
            generator_penalty=self._zero("generator_penalty()"),
            weight_penalty=self._same("weight_penalty()", lambda weights: torch.zeros(())),
            constrain=self._same("constrain()", lambda weights: weights),
            augment=self._same("augment()", lambda samples, draws: samples),
            gate=self._same("gate()", lambda scores, draws: torch.ones_like(scores)),
            network=self._same("network()", lambda network: network),
            advance=self._same("advance()", lambda critic, real, fake, draws: {}),
        )
        return getattr(quiet, name)

    def _zero(self, place):
        return self._same(place, lambda critic, real, fake, draws: torch.zeros(()))

    def _same(self, place, function):
        return (lambda *arguments: fail()) if self.at == place else function


@hookimpl
def ganbench_datasets():
    return {"trap_dataset": TrapDataset}


@hookimpl
def ganbench_priors():
    return {"trap_prior": TrapPrior}


@hookimpl
def ganbench_baselines():
    return {"trap_baseline": TrapBaseline}


@hookimpl
def ganbench_metrics():
    return {"trap_metric": TrapMetric, "trap_floor": TrapFloor}


@hookimpl
def ganbench_architectures():
    return {"trap_architecture": TrapArchitecture}


@hookimpl
def ganbench_losses():
    return {"trap_loss": TrapLoss}


@hookimpl
def ganbench_regularizers():
    return {"trap_regularizer": TrapRegularizer}
