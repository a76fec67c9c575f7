"""Progressive Growing of GANs (Karras et al., ICLR 2018) in Keras 3.

What the scripts do, for notebooks and other programs. Whatever a user can
mend is a `UserError` of one line, in which options have the names of the
scripts' flags. TensorFlow is imported by the first call that needs it.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pgan_tf.base import (
    command_line,
    derived,
    flag_kinds,
    images,
    keras_settings,
    version,
)
from pgan_tf.base.errors import UserError

# Puts the options of every family of networks on the tree.
from pgan_tf.networks import families as families
from pgan_tf.runs.options import RunOptions

if TYPE_CHECKING:
    import pathlib

    import numpy as np

    from pgan_tf import sampling as sampling
    from pgan_tf.data.format.datasets import Dataset
    from pgan_tf.evaluation.results import Report
    from pgan_tf.networks.family import Generator

__all__ = [
    "RunOptions",
    "UserError",
    "create_dataset",
    "evaluate",
    "generate",
    "images",
    "load",
    "sampling",
    "train",
]
__version__ = version.VERSION
# Ahead of any import of Keras, which reads the user's settings.
keras_settings.settle()

Path = str | os.PathLike[str]


def create_dataset(
    source: str,
    out_dir: Path,
    *,
    source_dir: Path | None = None,
    resolution: int | None = None,
    num_images: int | None = None,
    flags: Mapping[str, object] = {},
) -> "Dataset":
    """Makes a dataset folder, as `dataset_tool.py create` does.

    By several processes, which import the program that calls this: a script
    needs `if __name__ == "__main__":` around it, or flags={"workers": 1}.

    Args:
        source: What the images are: "faces", "celeba", "images" ...
        out_dir: The folder to write.
        source_dir: Where the source's files are.
        resolution: Width and height in pixels; None: as the source has it.
        num_images: The first so many; None: all.
        flags: Other flags of `create` by name, such as {"overwrite": True}.

    Returns:
        The dataset: its `path`, `num_images`, `resolution`, `label_names` ...

    Raises:
        UserError: For a wrong value, or images that cannot be used.
    """
    from pgan_tf.commands.dataset import create, open_source, verbs

    given = {
        "source": source,
        "out_dir": out_dir,
        "source_dir": source_dir,
        "resolution": resolution,
        "num_images": num_images,
        **flags,
    }
    with _user_errors_alone():
        words = flag_kinds.as_flags(given)
        args = verbs.SCRIPT.parse(["create", *words])
        verbs.SCRIPT.verbs["create"].check(args)
        return create.make(open_source.open_source(args), args)


def train(
    options: RunOptions | None = None,
    *,
    data_dir: Path | None = None,
    run_dir: Path | None = None,
    flagfile: str | None = None,
    flags: Mapping[str, object] = {},
) -> "pathlib.Path":
    """Trains, or goes on with a run, as `train.py` does.

    Ctrl-C, or a notebook's interrupt, saves and returns; the same call
    continues.

    Args:
        options: To begin with; None: every option at its default.
        data_dir: The dataset.
        run_dir: Folder for everything the run writes.
        flagfile: A file of flags, or the name of one that comes with the
            package, such as "demo"; wins over `options`.
        flags: Options by name, such as {"total_kimg": 10, "minibatch_dict":
            {4: 128}}; these and the two folders win over the flagfile.

    Returns:
        The run folder.

    Raises:
        UserError: For a wrong value, or a training that failed.
    """
    from pgan_tf.commands import train as command
    from pgan_tf.runs import flags as run_flags

    values = {"data_dir": data_dir, "run_dir": run_dir, **flags}
    with _user_errors_alone():
        return command.train_within(
            run_flags.changed(options, flagfile, values)
        )


def evaluate(
    run_dir: Path | None = None,
    metrics: Sequence[str] | None = None,
    *,
    snapshot: Path | int = "latest",
    num_images: int | None = None,
    flags: Mapping[str, object] = {},
) -> "Report":
    """Evaluates snapshots of a run, as `evaluate.py` does.

    Or two sets of images: flags={"reals": "photos", "fakes": "drawn.zip"}.

    Args:
        run_dir: The run folder.
        metrics: Such as ["fid", "swd"]; None: the usual ones.
        snapshot: "latest", "all", a number of kimg, or a file.
        num_images: Reals and as many fakes; None: as metrics' papers have it.
        flags: Other flags of evaluate.py by name, such as
            {"features": "labels", "truncation": [0.5, 1]}.

    Returns:
        The numbers (`results`), what could not be computed, and all of it as
        text (`table()`).

    Raises:
        UserError: For a wrong value, or if no metric can be computed.
    """
    from pgan_tf.commands import evaluate as command
    from pgan_tf.commands import evaluate_checks, evaluate_flags

    given = {
        "run_dir": run_dir,
        "metrics": metrics,
        "snapshot": None if snapshot == "latest" else snapshot,
        "num_images": num_images,
        **flags,
    }
    with _user_errors_alone():
        args = evaluate_flags.parse(flag_kinds.as_flags(given))
        if args.convert_inception:
            raise UserError("--convert_inception is for evaluate.py alone")
        evaluate_checks.check(args)
        return command.evaluate(args)


def generate(
    network: "Generator | Path",
    seeds: Sequence[int] = range(16),
    *,
    label: str | None = None,
    truncation: float | None = None,
    minibatch: int | None = None,
) -> "np.ndarray":
    """Draws a picture for each seed, as `generate.py images` does.

    A seed alone fixes its picture. For latents of your own there is
    `sampling.generate`.

    Args:
        network: As `load` takes it, or what it returned.
        seeds: Numbers from 0, at least one.
        label: For networks that take labels: a class by its name or number,
            or attributes such as "Smiling,Male". Names come from the dataset
            of the run that `network` names.
        truncation: Draw latents without values beyond +-this; None: as they
            are.
        minibatch: Pictures at a time on each device; None: by resolution.

    Returns:
        Pixels, uint8 [N,R,R,C].

    Raises:
        UserError: If there is no such network or class, or for a wrong value.
    """
    with _user_errors_alone():
        from pgan_tf.commands.generate import images as command

        return command.of_seeds(network, seeds, label, truncation, minibatch)


def load(path: Path) -> "Generator":
    """Reads a generator: a .keras snapshot, a run folder, or another's file.

    Others are NVIDIA's (.pkl), and of PyTorch pytorch_GAN_zoo's, nashory's,
    akanimax's and mmgeneration's (.pth, .pt, .bin, .tar).

    Nothing in the file is executed. Call it with latents [N,latent_size], and
    labels [N,label_size] if it takes them; it returns float32 images
    [N,R,R,C], about [-1, 1].

    Raises:
        UserError: If there is no generator in there.
    """
    with _user_errors_alone():
        from pgan_tf.networks import snapshots

        return snapshots.load_generator(path)


@contextlib.contextmanager
def _user_errors_alone() -> Iterator[None]:
    """Makes an error of the system, such as a full disk, a UserError too."""
    command_line.quiet_tensorflow()
    keras_settings.settle()
    try:
        yield
    except OSError as error:
        raise UserError(derived.reason(error)) from error


def __getattr__(name: str) -> Any:
    """`pgan_tf.sampling`, which imports Keras, once it is asked for."""
    if name == "sampling":
        import importlib

        return importlib.import_module("pgan_tf.sampling")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
