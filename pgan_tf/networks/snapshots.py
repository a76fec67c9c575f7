"""Network snapshots: .keras files of Gs that know their lod.

Files of other programs can be read wherever they can.
"""

import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import keras

from pgan_tf.base import boundary, errors, files, resolutions
from pgan_tf.networks import families, keras_files
from pgan_tf.networks.family import Generator
from pgan_tf.runs import folder as run_folder


def save_generator(generator: Generator, path: pathlib.Path) -> None:
    """Writes a network, its options and its lod to a .keras file, at once."""
    with files.partial(path) as partial:
        generator.save(partial)


def load_generator(path: str | os.PathLike[str]) -> Generator:
    """Reads a generator. Nothing in the file is executed.

    Args:
        path: A snapshot of ours (.keras), one of NVIDIA's (.pkl) or of the
            PyTorch programs that docs/networks.md lists (.pth and others),
            of whose networks Gs is taken; or a run folder, for its latest
            snapshot.

    Raises:
        UserError: If there is no such file, or it is no generator of ours.
    """
    path = run_folder.find_snapshot(path)
    if reader := families.foreign_reader(path):
        return reader.load_generator(path)
    if not zipfile.is_zipfile(path):
        raise errors.UserError(
            f"{path}: not a snapshot, or a torn one (a .keras, .pkl or "
            ".pth file is expected)"
        )
    contents = keras_files.look_into(path, "snapshot")
    family = families.of_class(str(contents.config.get("registered_name")))
    if family is None:
        raise errors.UserError(f"{path}: not a generator of pgan_tf")
    with boundary.reading(path, "snapshot"):
        # Imported, the classes are registered, which Keras then looks for.
        models = family.models()
        keras_files.check_classes(contents, str(path))
        options = contents.config["config"]
        made = keras_files.skeleton(
            lambda: models.generator_from_config(options)
        )
        resolutions.split(made.lod, made.resolution)
        keras_files.check_size(made, contents, str(path))
        return keras.saving.load_model(path, compile=False, safe_mode=True)


def load_networks(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Reads all networks of a file or run folder: some of G, D and Gs.

    A .keras snapshot holds Gs alone.

    Raises:
        UserError: As `load_generator`.
    """
    if reader := families.foreign_reader(pathlib.Path(path)):
        return reader.load_networks(path)
    return {"Gs": load_generator(path)}
