"""What networks cost: multiplications, weights, activations.

Counted without building them: for plans, forecasts, and for saying how near a
machine comes to its limit.
"""

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a network, or a part of one, costs.

    Attributes:
        macs: Multiplications (with an addition each) to pass one image.
        parameters: Trainable numbers.
        activations: Numbers that the layers put out for one image.
    """

    macs: int = 0
    parameters: int = 0
    activations: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.macs + other.macs,
            self.parameters + other.parameters,
            self.activations + other.activations,
        )


class NetworksCost(Protocol):
    """What G and D of some options cost."""

    def generator(self, resolution: int, fading: bool = False) -> Cost:
        """What an image costs in G's layers in use at a resolution."""

    def discriminator(self, resolution: int, fading: bool = False) -> Cost:
        """What an image costs in D's layers in use at a resolution."""

    def parameters(self, final: int) -> tuple[int, int]:
        """Trainable numbers of all of G and all of D, fully grown."""


# Passes through a network, each as costly as running it once, in a WGAN-GP
# step. D's step runs D on reals, fakes and images between them (3), has the
# gradient by the latter (1), and goes back, by weights and by inputs, on reals
# and fakes (4) and through the penalty's two halves (4); G draws once. G's
# step draws once and goes back (3), through D and back by its inputs (2).
_D_STEP = {"D": 12, "G": 1}
_G_STEP = {"D": 2, "G": 3}


def iteration_macs(
    networks: NetworksCost,
    resolution: int,
    minibatch: int,
    d_repeats: int = 1,
    fading: bool = False,
    reuse_fakes: bool = False,
) -> int:
    """Multiplications of a G step and its D steps.

    Args:
        networks: What they cost.
        resolution: At which they are.
        minibatch: Images per step.
        d_repeats: Steps of D.
        fading: Whether the resolution fades in.
        reuse_fakes: Whether they share what G draws.
    """
    costs = {
        "D": networks.discriminator(resolution, fading).macs,
        "G": networks.generator(resolution, fading).macs,
    }
    saved = costs["G"] if reuse_fakes else 0
    passes = sum(
        (d_repeats * _D_STEP[name] + _G_STEP[name]) * costs[name]
        for name in costs
    )
    return minibatch * (passes - saved)
