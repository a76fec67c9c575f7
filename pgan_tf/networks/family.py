"""What a family of networks offers, so that all else works with it.

Trainer, sampling, evaluation, plan, export and snapshots know networks by
these contracts alone. A family is a folder beside this file with

* a `Family`, which imports no Keras: its options, what they cost, what to
  check, and the name of the module with its `Models`;
* that module: the classes of G and D, and what else needs Keras;

and a line in `families.py`.
"""

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from pgan_tf.networks import cost

Tensor = Any
Variable = Any


@dataclasses.dataclass(frozen=True)
class ImageShape:
    """What the dataset and the run decide of G and D.

    Attributes:
        resolution: Final resolution.
        num_channels: Colour channels.
        label_size: Length of the label vectors, 0 for none.
    """

    resolution: int
    num_channels: int
    label_size: int = 0


class Generator(Protocol):
    """Latents to images: a Keras model, registered for saving.

    Attributes:
        family: The name of its family.
        name: G or Gs.
        resolution, num_channels, label_size: As of `ImageShape`.
        latent_size: Length of the latent vectors.
        lod: Where in its growth it is; 0 for one that does not grow. What a
            call computes unless told otherwise. Travels with saved files.
        weights: All variables, of training and of other state.
    """

    family: str
    name: str
    resolution: int
    num_channels: int
    label_size: int
    latent_size: int
    lod: float
    weights: Sequence[Variable]
    trainable_variables: Sequence[Variable]
    dtype_policy: Any

    def __call__(
        self,
        latents: Tensor,
        labels: Tensor = None,
        resolution: int | None = None,
        alpha: Tensor = None,
        training: bool = False,
    ) -> Tensor:
        """Draws float32 images [N,R,R,num_channels], about -1..1.

        Args:
            latents: [N,latent_size].
            labels: [N,label_size]; only for networks that take labels.
            resolution: Of the images; None: what `lod` says.
            alpha: Weight of this resolution's layers, scalar; None: settled.
            training: Whether statistics are those of this minibatch, and
                state that gathers them changes.
        """

    def trainable_at(self, resolution: int, fading: bool) -> list[Variable]:
        """The trainable variables that a call at this stage depends on."""

    def averaged_at(self, resolution: int) -> list[Variable]:
        """What Gs averages once growth has come to a resolution."""

    def copied_state(self) -> list[Variable]:
        """State beside these that Gs takes over as it is."""

    def kernels_at(self, resolution: int, fading: bool) -> list[Tensor]:
        """The kernels of such a call, [...,in,out], scaled as it has them."""

    def first_activations(
        self, latents: Tensor, labels: Tensor = None
    ) -> Tensor:
        """What the first layer makes of latents, [N,...]."""

    def get_config(self) -> dict[str, Any]: ...
    def get_weights(self) -> list[np.ndarray]: ...
    def set_weights(self, weights: Sequence[np.ndarray]) -> None: ...
    def save(self, path: Any) -> None: ...
    def count_params(self) -> int: ...


class Discriminator(Protocol):
    """Images to scores and class logits: a Keras model.

    Attributes:
        family: The name of its family.
        name: D.
        resolution, num_channels, label_size: As of `ImageShape`.
        group_size: Images whose statistics a layer mixes, such as those of
            the minibatch standard deviation: 0 for none, None for all of a
            minibatch. Reals and fakes are never mixed.
        lod: As of `Generator`.
    """

    family: str
    name: str
    resolution: int
    num_channels: int
    label_size: int
    group_size: int | None
    lod: float
    weights: Sequence[Variable]
    trainable_variables: Sequence[Variable]

    def __call__(
        self,
        images: Tensor,
        labels: Tensor = None,
        alpha: Tensor = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Scores float32 [N,1] and class logits [N,K], of which K may be 0.

        Args:
            images: [N,R,R,num_channels]; R says which layers are in use.
            labels: [N,label_size]; a network may leave them alone, or score
                how well they fit the images, and have no logits.
            alpha: Weight of this resolution's layers, scalar; None: settled.
            training: As of `Generator`.
        """

    def trainable_at(self, resolution: int, fading: bool) -> list[Variable]:
        """The trainable variables that a call at this stage depends on."""


class Models(Protocol):
    """The module of a family that needs Keras."""

    def make_generator(
        self, options: Any, shape: ImageShape, lod: float, name: str, dtype: str
    ) -> Generator:
        """A fresh G (or Gs) of these options."""

    def make_discriminator(
        self, options: Any, shape: ImageShape, dtype: str
    ) -> Discriminator:
        """A fresh D of these options."""

    def generator_from_config(self, config: Mapping[str, Any]) -> Generator:
        """The generator that a snapshot describes, its weights fresh."""

    def named_variables(
        self, network: Generator | Discriminator
    ) -> dict[str, np.ndarray]:
        """All weights by names for people, such as 16x16/Conv1/weight."""

    def stock_model(
        self, network: Generator, lod: float | None, uint8: bool
    ) -> Any:
        """The same function in Keras' own layers, for other programs."""

    def check_transfer(self, source: Any, network: Any) -> None:
        """Raises ValueError if weights of one mean another in the other."""

    def may_differ(self, layer: str, source: Any, network: Any) -> bool:
        """Whether other images or labels explain another shape of a layer."""


class Family:
    """A family of networks, as far as it is known without Keras.

    Attributes:
        name: As --family has it.
        options: Class of its section of the options tree, with a `latent_size`.
        generator_class: The name that snapshots of its G are registered by.
        takes_labels: Whether its networks can be given labels.
        models_module: Dotted name of the module that is its `Models`.
        foreign_readers: Modules that read networks of this family from files
            of other programs. Each has `recognizes(path)`, `load_generator`
            and `load_networks`, which returns some of G, D and Gs by these
            names.
    """

    name: ClassVar[str]
    options: ClassVar[type]
    generator_class: ClassVar[str]
    takes_labels: ClassVar[bool] = True
    models_module: ClassVar[str]
    foreign_readers: ClassVar[Sequence[str]] = ()

    def grows(self, options: Any) -> bool:
        """Whether resolutions fade in one after the other."""
        return True

    def fill_in(self, options: Any, resolution: int) -> Any:
        """The options with what was left open filled in.

        Raises:
            UserError: If they do not suit the final resolution.
        """
        raise NotImplementedError

    def group_size(self, options: Any) -> int | None:
        """The `group_size` that D will have."""
        raise NotImplementedError

    def cost(self, options: Any, shape: ImageShape) -> cost.NetworksCost:
        """What G and D of these options cost."""
        raise NotImplementedError

    def models(self) -> Models:
        """What needs Keras, which takes seconds to import."""
        module: Any = importlib.import_module(self.models_module)
        return module
