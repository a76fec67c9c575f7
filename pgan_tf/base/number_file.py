"""One array of numbers in a `.npy` file, from whoever may have written it."""

import os

import numpy as np

from pgan_tf.base import errors, memory, reasons


def read(path: str | os.PathLike[str], where: str) -> np.ndarray:
    """The array that a file holds.

    Nothing in it is run, and no memory is taken that the file does not have
    the bytes for: it is mapped, so a header that lies is found out at once.

    Args:
        path: The file.
        where: What the message calls it, such as "--latents=z.npy".

    Returns:
        Numbers of any shape and of any type of booleans, integers or floats,
        read-only.

    Raises:
        UserError: There is no such file, or it holds something else.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise errors.UserError(f"{where}: no such file") from None
    except Exception as error:
        # NumPy reports what is wrong with a head in a dozen ways.
        reason = reasons.plain(error)
        raise errors.UserError(
            f"{where}: not an array that numpy.save wrote: {reason}"
        ) from error
    if isinstance(array, np.lib.npyio.NpzFile):
        array.close()
    elif array.dtype.kind in "bfiu":
        memory.require(2 * array.nbytes, where)
        return array
    raise errors.UserError(f"{where}: not one array of numbers (.npy)")
