"""Any set of images of tensorflow-datasets, with its classes.

Examples are read in the order of the prepared files, and by index: so every
process reads its own part, memory stays bounded, and the order is always the
same. TensorFlow itself is not needed for that.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import logging

from pgan_tf.base import boundary, errors, text
from pgan_tf.data.format import tfrecord
from pgan_tf.data.sources import pictures, source, tfds_download


class TfdsImages:
    """The images of a split; see `source.Source`.

    Args:
        name: Of the data set, such as "tf_flowers" or "mnist:3.0.1".
        split: Such as "train", "train+test" or "train[:1000]".
        data_dir: Where tensorflow-datasets keeps what it has prepared; None
            for its default.
        resolution: Width and height of the images to make.
        num_images: Use the first so many; None for all.
        form: What to make of them.
        download: Whether to download and prepare what is not there yet.

    Raises:
        UserError: It is not there, has no such split, or no images.
    """

    def __init__(
        self,
        name: str,
        split: str,
        data_dir: str | None,
        resolution: int,
        num_images: int | None = None,
        form: pictures.Form | None = None,
        download: bool = False,
    ) -> None:
        self.name, self.split, self.data_dir = name, split, data_dir
        self.resolution = resolution
        self.enlarged = source.Enlarged()
        self.form = form or pictures.Form()
        self.num_channels = self.form.num_channels
        if not self._builder.is_prepared():
            _prepare(self._builder, download)
        tfds = tfds_download.library()
        features = self._builder.info.features
        self.image_key = _find(features, tfds.features.Image, "image")
        if self.image_key is None:
            raise errors.UserError(
                f"--tfds_name={name} has no images, but {', '.join(features)}"
            )
        self.label_key = _find(features, tfds.features.ClassLabel, "label")
        self.label_names, self.label_kind = self._read_classes()
        self.index = self._read_index()
        count = len(self._examples)
        self.num_images = min(count, num_images or count)

    def __len__(self) -> int:
        return self.num_images

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        data = self._examples[index][self.image_key]
        where = f"--tfds_name={self.name}, example {index} of {self.split}"
        image, is_enlarged = self.form.decode(data, where, self.resolution)
        self.enlarged.note(index, is_enlarged)
        return image

    def label(self, index: int) -> np.ndarray:
        """Its class, one-hot, float32 [K]."""
        label = np.zeros(len(self.label_names), np.float32)
        if self.label_key:
            number = int(self._examples[index][self.label_key])
            if number >= 0:  # -1: not known, as often in test splits
                label[number] = 1
        return label

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {
            "tfds_name": self._builder.info.full_name,
            "tfds_split": self.split,
            **self.form.options(),
        }

    def _read_classes(self) -> tuple[Sequence[str], str | None]:
        """Names of the classes, and the kind of label."""
        if self.label_key is None:
            return (), None
        feature = self._builder.info.features[self.label_key]
        numbers = range(feature.num_classes or 0)
        return [feature.int2str(each) for each in numbers], "onehot"

    def _read_index(self) -> "_Index | None":
        """Where the examples are, if they are in TFRecords."""
        info = self._builder.info
        try:
            if self._is_indexed():
                return None
            return _Index.of(info.splits[self.split].file_instructions)
        except Exception as error:
            # Wrong names, damaged files: it reports them in many ways.
            raise errors.UserError(
                f"--tfds_split={self.split} of {info.full_name}: "
                f"{_first_line(error)}"
            ) from error

    def _is_indexed(self) -> bool:
        """Whether tensorflow-datasets itself reads the files by index."""
        try:
            self._builder.as_data_source(self.split)
        except NotImplementedError:
            return False
        return True

    @functools.cached_property
    def _builder(self) -> Any:
        tfds = tfds_download.library()
        logging.set_verbosity(logging.ERROR)  # no notes on every step
        try:
            return tfds.builder(self.name, data_dir=self.data_dir)
        except Exception as error:
            # Unknown names come in several kinds, so do failing imports.
            raise errors.UserError(
                f"--tfds_name={self.name}: {_first_line(error)}; names are "
                "those of the catalog of tensorflow-datasets"
            ) from error

    @functools.cached_property
    def _examples(self) -> Any:
        """Examples by index, dictionaries with images still encoded."""
        tfds = tfds_download.library()
        decoders = {self.image_key: tfds.decode.SkipDecoding()}
        if self.index is None:
            return self._builder.as_data_source(self.split, decoders=decoders)
        return _Examples(self.index, self._builder.info.features, decoders)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves what is open behind: every process opens its own."""
        return source.state_without(self, "_builder", "_examples")


def _prepare(builder: Any, download: bool) -> None:
    info = builder.info
    urls = builder.url_infos or {}
    if not download:
        total = sum(each.size for each in urls.values())
        size = f"up to {text.size(total)}" if total else "see its catalog"
        raise errors.UserError(
            f"{info.full_name} is not in {builder.data_dir}; --tfds_download "
            f"lets tensorflow-datasets download it ({size}) and prepare it "
            "there; or name the folder of prepared data sets with "
            "--tfds_data_dir"
        )
    try:
        tfds_download.reach(urls)
        builder.download_and_prepare()
    except Exception as error:
        # No network, a quota, a licence to agree to: whatever it is.
        raise errors.UserError(
            f"tensorflow-datasets cannot prepare {info.full_name}: "
            f"{_first_line(error)}; a copy that was prepared elsewhere will "
            "do, named with --tfds_data_dir"
        ) from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _find(features: Any, kind: type, usual_name: str) -> str | None:
    """The feature of that kind; of several, the one of the usual name."""
    found = [key for key in features if isinstance(features[key], kind)]
    if usual_name in found:
        return usual_name
    return found[0] if found else None


@dataclasses.dataclass(frozen=True, eq=False)
class _Index:
    """Where the records of a split begin.

    Attributes:
        files: The files.
        numbers: Of each record's file in `files`, integers [N].
        starts: Of each record in its file, in bytes, integers [N].
    """

    files: list[str]
    numbers: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, instructions: Sequence[Any]) -> "_Index":
        """Reads what tensorflow-datasets says of files and parts of them."""
        parts = []
        for each in instructions:
            with open(each.filename, "rb") as stream:
                starts = tfrecord.record_starts(stream)
            parts.append(starts[each.skip : each.skip + each.take])
        sizes = [len(part) for part in parts]
        return cls(
            [each.filename for each in instructions],
            np.repeat(np.arange(len(parts)), sizes),
            np.concatenate(parts),
        )


class _Examples:
    """Examples in TFRecord files, by index."""

    def __init__(self, index: _Index, features: Any, decoders: Any) -> None:
        self.index, self.features, self.decoders = index, features, decoders

    def __len__(self) -> int:
        return len(self.index.starts)

    def __getitem__(self, number: int) -> dict[str, Any]:
        file = self.index.files[self.index.numbers[number]]
        where = f"{file}, example {number} of the split"
        with boundary.reading(where, "record"):
            with open(file, "rb") as stream:
                stream.seek(self.index.starts[number])
                payload = tfrecord.read_payload(stream)
            return self.features.deserialize_example_np(
                payload, decoders=self.decoders
            )
