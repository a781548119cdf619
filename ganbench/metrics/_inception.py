"""The Inception network of torch-fidelity, from a local file of weights."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganbench.errors import DeviceError, MetricError
from ganbench.files import user_path
from ganbench.metrics._checks import Floats

_FEATURES = "2048"
_BLOCK = 64
_WHITE = 255


def find(weights: str) -> Path:
    """Return the file of weights, having seen that it and torch-fidelity are there.

    Raises:
        DeviceError: if torch-fidelity is not installed, or does not work here.
        MetricError: if there is no such file.
    """
    _extractor()
    path = user_path(weights)
    if not path.is_file():
        raise MetricError(
            f"There is no file '{weights}' of Inception weights; ganbench never downloads them."
        )
    return path


def _extractor() -> Any:
    """Import torch-fidelity's network; a torchvision built for another torch raises anything."""
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except (ImportError, RuntimeError) as error:
        raise DeviceError(
            "Inception's features need torch-fidelity (pip install 'ganbench[inception]'), which "
            f"is not installed or does not work here: {error}."
        ) from error
    return FeatureExtractorInceptionV3


@dataclass(frozen=True)
class Extractor:
    """The network, and how rows become the RGB images of bytes that it takes."""

    network: Any
    shape: tuple[int, ...]
    bounds: tuple[float, float]
    digest: str

    @property
    def details(self) -> dict[str, object]:
        """Where it runs: on the first GPU if there is one."""
        return {"device": _device().type, "torch": torch.__version__}

    def features(self, rows: Floats) -> Floats:
        """Map rows (n, d) to features (n, 2048), block by block."""
        images, blocks = torch.from_numpy(rows).reshape(-1, *self.shape), []
        with torch.no_grad():
            for block in torch.split(images, _BLOCK):
                (features,) = self.network(self._bytes(block).to(_device()))
                blocks.append(features.double().cpu())
        return torch.cat(blocks).numpy()

    def _bytes(self, images: Tensor) -> Tensor:
        low, high = self.bounds
        levels = ((images - low) * (_WHITE / (high - low))).round().clamp(0, _WHITE)
        return levels.to(torch.uint8).expand(-1, 3, -1, -1).contiguous()


def load(path: Path, shape: tuple[int, ...], bounds: tuple[float, float]) -> Extractor:
    """Load the network.

    Raises:
        MetricError: if the file does not hold its weights.
    """
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        with torch.random.fork_rng(devices=[]):  # its constructor draws weights to throw away
            network = _extractor()(
                "inception", [_FEATURES], feature_extractor_weights_path=str(path)
            )
    except Exception as error:
        raise MetricError(f"'{path}' cannot be read as Inception weights: {error}.") from error
    network = network.to(_device()).eval()
    scaling = np.array(bounds).tobytes() + str(shape).encode()
    digest = hashlib.sha256(f"inception {_FEATURES} {content}".encode() + scaling).hexdigest()
    return Extractor(network, shape, bounds, digest)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
