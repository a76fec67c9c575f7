"""Network snapshots: .keras files of Gs that know their lod."""

import os
import pathlib
import zipfile

import keras

from pgan_tf import errors, files, networks


def save_generator(generator: networks.Generator, path: pathlib.Path) -> None:
    """Writes a network, its options and its lod to a .keras file, at once."""
    with files.partial(path) as partial:
        generator.save(partial)


def load_generator(path: str | os.PathLike[str]) -> networks.Generator:
    """Reads a snapshot. Nothing in the file is executed.

    Raises:
        UserError: If there is no such file, or it is no generator of ours.
    """
    if not pathlib.Path(path).is_file():
        raise errors.UserError(f"{path}: no such snapshot")
    if not zipfile.is_zipfile(path):
        raise errors.UserError(f"{path}: not a snapshot, or a torn one")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises many kinds for a file that is torn or of another code.
        reason = str(error).strip().splitlines()[0]
        raise errors.UserError(f"{path}: not a snapshot: {reason}") from error
    if not isinstance(model, networks.Generator):
        raise errors.UserError(f"{path}: not a generator of pgan_tf")
    return model
