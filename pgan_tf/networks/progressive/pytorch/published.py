"""Networks that others have published, fetched when the user asks for one.

What their authors state of a file is its address and, in its name, the first
eight digits of its sha256. Their licences are their own: see docs/networks.md.
"""

import contextlib
import hashlib
import http.client
import pathlib
import urllib.request
from collections.abc import Callable

from pgan_tf.base import errors, files, text

PREFIX = "hub:"
_ZOO = "https://dl.fbaipublicfiles.com/gan_zoo/PGAN/"
_MMGEN = "https://download.openmmlab.com/mmgen/pggan/"
ADDRESSES = {
    "celebAHQ-256": f"{_ZOO}celebaHQ_s6_i80000-6196db68.pth",
    "celebAHQ-512": f"{_ZOO}celebaHQ16_december_s7_i96000-9c72988c.pth",
    "DTD": f"{_ZOO}testDTD_s5_i96000-04efa39f.pth",
    "celeba": f"{_ZOO}celebaCropped_s5_i83000-2b0acc76.pth",
    "mmgen-celeba-128": f"{_MMGEN}pggan_celeba-cropped_128_g8_20210408_181931"
    "-85a2e72c.pth",
    "mmgen-bedroom-128": f"{_MMGEN}pggan_lsun-bedroom_128x128_g8_20210408"
    "_182033-5e59f45d.pth",
    "mmgen-celebahq-1024": f"{_MMGEN}pggan_celeba-hq_1024_g8_20210408_181911"
    "-f1ef51c3.pth",
}
_TIMEOUT_SECONDS = 30
_CHUNK = 1 << 20
# None of these is a third as large.
MOST_BYTES = 2 << 30


def check(name: str) -> None:
    """Refuses a name of `--network=hub:NAME` that is none.

    Raises:
        UserError: If it is not.
    """
    if name not in ADDRESSES:
        raise errors.UserError(
            f"--network={PREFIX}{name}: must be one of {', '.join(ADDRESSES)}"
        )


def fetch(name: str, say: Callable[[str], None]) -> pathlib.Path:
    """The file of that name, from the cache, or downloaded to it.

    Args:
        name: See `ADDRESSES`.
        say: Receives a line before anything is fetched.

    Raises:
        UserError: If there is none, offline, or if what arrives is another
            file.
    """
    check(name)
    address = ADDRESSES[name]
    path = files.cache_folder() / address.rsplit("/", 1)[1]
    if path.is_file() and _is_right(path):
        return path
    say(f"fetching {address} to {path}")
    try:
        with files.partial(path) as partial:
            _download(address, partial)
            if not _is_right(partial, path.name):
                raise errors.UserError(
                    f"{address}: what arrived is another file, for its sha256 "
                    f"does not begin with {_digits(path.name)}"
                )
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)
        reason = getattr(cause, "strerror", None) or cause
        raise errors.UserError(
            f"{PREFIX}{name} cannot be fetched ({reason}): fetch {address} "
            f"elsewhere, put it at {path}, or give it as --network"
        ) from error
    return path


def _download(address: str, path: pathlib.Path) -> None:
    with contextlib.ExitStack() as stack:
        response = stack.enter_context(
            urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS)
        )
        file = stack.enter_context(open(path, "wb"))
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            if file.tell() > MOST_BYTES:
                raise errors.UserError(
                    f"{address}: more than {text.size(MOST_BYTES)}"
                )


def _is_right(path: pathlib.Path, name: str = "") -> bool:
    """Whether a file's digest is the one in its name, or in this name."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest.startswith(_digits(name or path.name))


def _digits(name: str) -> str:
    """The digits of a name such as x-6196db68.pth."""
    return pathlib.Path(name).stem.rsplit("-", 1)[1]
