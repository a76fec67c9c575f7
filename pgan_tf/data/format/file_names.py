"""Names of a dataset folder's files.

    <name>-r02.tfrecords    all images at 4x4 pixels (2 is the log2 of 4)
    <name>-r03.tfrecords    the same images in the same order at 8x8
    ...                     up to the full resolution
    <name>-rxx.labels       float32 [N,K] as NumPy's .npy, if there are labels
    dataset.json            the manifest, written last; NVIDIA's tool has none

With several shards each level is as many files, the first of them named
`<name>-r02-00000-of-00004.tfrecords`, that hold consecutive images.
"""

import dataclasses
import re

MANIFEST = "dataset.json"
PARTIAL = ".partial"  # ends the names of files of a build that is not finished

_LEVEL_NAME = re.compile(
    r"(?P<name>.+)-r(?P<log2>\d\d)"
    r"(-(?P<shard>\d{5,})-of-(?P<num_shards>\d{5,}))?\.tfrecords"
)


@dataclasses.dataclass(frozen=True)
class Parsed:
    """What a file of records is, by its name."""

    name: str
    resolution: int
    shard: int
    num_shards: int


def parse(file: str) -> Parsed | None:
    """Reads the name of a file of records; None if it is none."""
    match = _LEVEL_NAME.fullmatch(file)
    if match is None or is_twin(file):
        return None
    return Parsed(
        match["name"],
        1 << int(match["log2"]),
        int(match["shard"] or 0),
        int(match["num_shards"] or 1),
    )


def level_file(
    name: str, resolution: int, shard: int = 0, num_shards: int = 1
) -> str:
    """The name of a level's file, such as `faces-r05.tfrecords` of 32x32."""
    part = "" if num_shards == 1 else f"-{shard:05d}-of-{num_shards:05d}"
    return f"{name}-r{resolution.bit_length() - 1:02d}{part}.tfrecords"


def label_file(name: str) -> str:
    """The name of the file of labels, such as `faces-rxx.labels`."""
    return f"{name}-rxx.labels"


def is_label_file(file: str) -> bool:
    """Whether a file of that name holds labels; NVIDIA's code asks no more."""
    return file.endswith(".labels") and not is_twin(file)


def is_partial(file: str) -> bool:
    """Whether a file of that name is one of a build that is not finished."""
    return file.endswith(PARTIAL) and not is_twin(file)


def is_twin(file: str) -> bool:
    """Whether macOS put a file there, beside that whose name follows."""
    return file.startswith("._")


def is_ours(file: str) -> bool:
    """Whether a file of that name may belong to a dataset."""
    file = file.removesuffix(PARTIAL)
    is_label = is_label_file(file) and file.endswith("-rxx.labels")
    return bool(file == MANIFEST or is_label or parse(file))
