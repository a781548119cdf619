"""Laws that are fitted without a game, so that a GAN's score has something to beat."""

from collections.abc import Callable, Mapping

from ganbench.api import Baseline, hookimpl
from ganbench_baselines.copula import GaussianCopula
from ganbench_baselines.flow import NormalizingFlow
from ganbench_baselines.gaussian import Gaussian
from ganbench_baselines.kde import KernelDensity
from ganbench_baselines.mixture import GaussianMixture
from ganbench_baselines.mle import MaximumLikelihood
from ganbench_baselines.ngram import Ngram
from ganbench_baselines.resampling import Bootstrap, Marginals, Real
from ganbench_baselines.vae import Vae


@hookimpl
def ganbench_baselines() -> Mapping[str, Callable[..., Baseline]]:
    """Name the baselines."""
    return {
        "real": Real,
        "bootstrap": Bootstrap,
        "marginals": Marginals,
        "gaussian": Gaussian,
        "gaussian_mixture": GaussianMixture,
        "kde": KernelDensity,
        "copula": GaussianCopula,
        "ngram": Ngram,
        "mle": MaximumLikelihood,
        "vae": Vae,
        "flow": NormalizingFlow,
    }
