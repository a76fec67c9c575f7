"""What is known of the reals, kept from one evaluation to the next."""

import json
import pathlib
import zipfile

import numpy as np

from pgan_tf.base import files
from pgan_tf.evaluation.metrics.metric import Gaussian, Value


def read_gaussian(path: pathlib.Path) -> Gaussian | None:
    """None if there is no such file or it is torn."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = Gaussian(**file)
        if found.covariance.shape != 2 * found.mean.shape:
            raise ValueError("mean and covariance of different sizes")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        files.say_torn(path)
        return None


def read_value(path: pathlib.Path) -> Value | None:
    """None if there is no such file or it is torn."""
    try:
        return Value.of(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        files.say_torn(path)
        return None
