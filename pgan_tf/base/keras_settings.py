"""Keras as this package computes with it, whatever a user's settings are.

`~/.keras/keras.json` and variables of the environment choose Keras' backend,
its type of floats and its order of axes, for all programs at once. Numbers
must not depend on them. `settle` is called when the package is imported,
which comes ahead of any import of Keras in it.
"""

import json
import os
import pathlib
import sys
from typing import Any

BACKEND = "tensorflow"
FLOATX = "float32"
EPSILON = 1e-7
DATA_FORMAT = "channels_last"
# What Keras itself writes to its keras.json.
DEFAULTS = {
    "floatx": FLOATX,
    "epsilon": EPSILON,
    "backend": BACKEND,
    "image_data_format": DATA_FORMAT,
}
# Variables of the environment that would cut trainings short, or change how
# weights are kept.
UNWANTED = (
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "KERAS_NNX_ENABLED",
)


def settle() -> None:
    """Takes Keras' settings out of the user's files and environment.

    A Keras that is imported already gets the settings of this package, for
    the whole process.

    Raises:
        ImportError: If that runs on another backend, which cannot change any
            more.
    """
    os.environ["KERAS_BACKEND"] = BACKEND
    for name in UNWANTED:
        os.environ.pop(name, None)
    if (keras := sys.modules.get("keras")) is not None:
        _settle_imported(keras)
    elif not _is_usual(_file()) or not os.path.isabs(os.path.expanduser("~")):
        # Nothing lies in there, and nothing is written there, nor in a folder
        # called ~ where the user has no home.
        os.environ["KERAS_HOME"] = os.devnull


def _settle_imported(keras: Any) -> None:
    config = keras.config
    if config.backend() != BACKEND:
        raise ImportError(
            f"Keras was imported ahead of pgan_tf and runs on"
            f" {config.backend()}: import pgan_tf first, or set"
            f" KERAS_BACKEND={BACKEND}"
        )
    config.set_floatx(FLOATX)
    config.set_epsilon(EPSILON)
    config.set_image_data_format(DATA_FORMAT)
    config.set_dtype_policy(FLOATX)
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


def _file() -> pathlib.Path:
    """The file of settings that Keras would read."""
    home = os.path.expanduser("~")
    if not os.access(home, os.W_OK):
        home = "/tmp"
    folder = os.environ.get("KERAS_HOME", os.path.join(home, ".keras"))
    return pathlib.Path(os.path.expanduser(folder)) / "keras.json"


def _is_usual(path: pathlib.Path) -> bool:
    """Whether a file of settings says nothing of its own, or is not there."""
    try:
        return json.loads(path.read_text()) == DEFAULTS
    except FileNotFoundError:
        return True
    except (OSError, ValueError, RecursionError):
        return False
