"""Network snapshots: .keras files of Gs that know their lod.

Files of other programs can be read wherever they can.
"""

import json
import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import keras

from pgan_tf.base import errors, files, resolutions
from pgan_tf.networks import families
from pgan_tf.networks.family import Generator
from pgan_tf.runs import folder as run_folder


def save_generator(generator: Generator, path: pathlib.Path) -> None:
    """Writes a network, its options and its lod to a .keras file, at once."""
    with files.partial(path) as partial:
        generator.save(partial)


def load_generator(path: str | os.PathLike[str]) -> Generator:
    """Reads a generator. Nothing in the file is executed.

    Args:
        path: A snapshot of ours (.keras), one of NVIDIA's (.pkl; of its three
            networks Gs is taken), or a run folder, for its latest snapshot.

    Raises:
        UserError: If there is no such file, or it is no generator of ours.
    """
    path = run_folder.find_snapshot(path)
    if reader := families.foreign_reader(path.suffix.lower()):
        return reader.load_generator(path)
    if not zipfile.is_zipfile(path):
        raise errors.UserError(
            f"{path}: not a snapshot, or a torn one (a .keras or .pkl file "
            "is expected)"
        )
    try:
        _check_archive(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except errors.UserError:
        raise
    except Exception as error:
        # Keras raises many kinds for a file that is torn or of another code.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise errors.UserError(f"{path}: not a snapshot: {reason}") from error


def load_networks(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Reads all networks of a file or run folder: some of G, D and Gs.

    A .keras snapshot holds Gs alone.

    Raises:
        UserError: As `load_generator`.
    """
    if reader := families.foreign_reader(pathlib.Path(path).suffix.lower()):
        return reader.load_networks(path)
    return {"Gs": load_generator(path)}


def _check_archive(path: pathlib.Path) -> None:
    """Looks at a .keras file before Keras makes what it describes.

    Raises:
        UserError: If it is not of a generator, or describes a network that is
            larger than its weights, which would take memory for nothing.
    """
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        family = families.of_class(config.get("registered_name"))
        if family is None:
            raise errors.UserError(f"{path}: not a generator of pgan_tf")
        stored = archive.getinfo("model.weights.h5").compress_size
    # Imported, the classes are registered, which Keras then looks for.
    models = family.models()
    with keras.StatelessScope(initialize_variables=False):
        skeleton = models.generator_from_config(config["config"])
    resolutions.split(skeleton.lod, skeleton.resolution)
    # Keras does not compress; who did so later gained little.
    if 4 * skeleton.count_params() > 2 * stored:
        raise errors.UserError(f"{path}: a network without all its weights")
