"""Fetches CelebA through tensorflow-datasets, for those who have no copy.

Asks first whether there is a network: tensorflow-datasets retries for long.
"""

import os
import pathlib
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterable
from typing import Any

from absl import logging

from pgan_tf.base import errors, extras, files

_HOST = "https://drive.google.com"  # where CelebA is kept
ATTRIBUTES_FILE = "list_attr_celeba.txt"  # by which `labels` finds it


def library() -> Any:
    """The package tensorflow-datasets, which is slow to import.

    Raises:
        UserError: If it is not installed.
    """
    return extras.require(
        "tensorflow_datasets", "tfds", "tensorflow-datasets as a source"
    )


def fetch() -> pathlib.Path:
    """Downloads `celeb_a` once; returns a .zip as `celeba.CelebA` reads it.

    The .zip lies with the downloaded dataset, and holds the original JPEGs,
    numbered in the order of tensorflow-datasets, with their attributes.

    Raises:
        UserError: The download failed; the message says what to do instead.
    """
    tfds = library()
    # Without its notes on every step; the bars of the download stay.
    logging.set_verbosity(logging.ERROR)
    try:
        builder = tfds.builder("celeb_a")
        target = pathlib.Path(builder.data_dir) / "img_align_celeba.zip"
        if target.exists():
            return target
        if not os.path.exists(builder.data_dir):
            reach([_HOST])
        builder.download_and_prepare()
    except Exception as error:
        # Whatever went wrong (no network, a quota, a checksum), the way out
        # is the same.
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:120]
        raise errors.UserError(
            f"tensorflow-datasets cannot download celeb_a ({reason}); fetch "
            "img_align_celeba.zip from "
            "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html yourself and "
            "pass it as --source_dir=img_align_celeba.zip"
        ) from error
    dataset = builder.as_dataset(
        split="all", decoders={"image": tfds.decode.SkipDecoding()}
    )
    with files.partial(target) as partial:
        _pack(tfds.as_numpy(dataset), partial)
    return target


def _pack(examples: Any, target: pathlib.Path) -> None:
    """Writes the examples' JPEGs and attributes into a .zip."""
    rows = []
    names: list[str] = []
    with zipfile.ZipFile(target, "w") as file:
        for number, example in enumerate(examples, start=1):
            name = f"{number:06d}.jpg"
            file.writestr(f"img_align_celeba/{name}", example["image"])
            attributes = example["attributes"]
            names = list(attributes)
            values = (1 if attributes[each] else -1 for each in names)
            rows.append(" ".join([name, *map(str, values)]))
        lines = [str(len(rows)), " ".join(names), *rows]
        file.writestr(ATTRIBUTES_FILE, "\n".join(lines) + "\n")


TIMEOUT_SECONDS = 20
_MAX_HOSTS = 3  # to be tried; one that answers will do


def reach(urls: Iterable[str]) -> None:
    """Fails at once if none of the first hosts of these addresses answers.

    Any answer is one, such as that the page is not found. Without an address
    that begins with http there is nothing to try.

    Raises:
        ConnectionError: Names the first host, and what happened.
    """
    split = map(urllib.parse.urlsplit, urls)
    hosts = {
        f"{url.scheme}://{url.netloc}/": None  # in this order
        for url in split
        if url.scheme in ("http", "https")
    }
    failures = []
    for host in list(hosts)[:_MAX_HOSTS]:
        try:
            with urllib.request.urlopen(host, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError:
            return
        except OSError as error:
            reason = getattr(error, "reason", error)
            failures.append(f"no answer from {host}: {reason}")
    if failures:
        raise ConnectionError(failures[0])
