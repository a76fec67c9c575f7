"""The flags of dataset_tool.py's verbs."""

import os

from pgan_tf.base import flag_kinds, flag_parser
from pgan_tf.commands.dataset import source_flags


def declare_create(parser: flag_parser.Parser) -> None:
    """Declares the flags of `create`."""
    section = parser.section("what and where")
    source_flags.declare_source(section)
    section.add(
        "out_dir",
        "Dataset folder to write.",
        flag_kinds.FOLDER,
        required=True,
    )
    source_flags.declare_choices(section)
    section.switch("overwrite", "Replace the dataset that is in --out_dir.")
    source_flags.declare_others(parser)
    _declare_writing(parser.section("how it is written"))


def _declare_writing(section: flag_parser.Section) -> None:
    section.switch(
        "shuffle",
        "Store the images in a random order that is always the same (the "
        "default, but for lsun and mnistrgb), not in that of their names or "
        "numbers.",
        default=None,
    )
    section.add(
        "workers",
        "Processes; default: one per core. Never changes the result.",
        flag_kinds.POSITIVE,
        default=len(os.sched_getaffinity(0)),
    )
    section.add(
        "num_shards",
        "Files per level; the reference's tool writes one. Never changes the "
        "images nor the order a training sees.",
        flag_kinds.POSITIVE,
        default=1,
    )


def declare_info(parser: flag_parser.Parser) -> None:
    """Declares the flags of `info`."""
    _declare_dataset(parser)
    parser.section("flags").switch("json", "Print the manifest itself.")


def declare_display(parser: flag_parser.Parser) -> None:
    """Declares the flags of `display`."""
    _declare_dataset(parser)
    section = parser.section("flags")
    section.add(
        "out",
        "PNG file; default: sheets/<dataset name>.png in the cache folder "
        "(~/.cache/pgan_tf).",
        flag_kinds.FILE,
    )
    section.add("count", "Images.", flag_kinds.POSITIVE, default=96)
    _declare_resolution(section)


def declare_verify(parser: flag_parser.Parser) -> None:
    """Declares the flags of `verify`."""
    _declare_dataset(parser)


def declare_extract(parser: flag_parser.Parser) -> None:
    """Declares the flags of `extract`."""
    _declare_dataset(parser)
    section = parser.section("flags")
    section.add(
        "out_dir",
        "New folder for the files.",
        flag_kinds.FOLDER,
        required=True,
    )
    section.add(
        "count", "The first so many images; default: all.", flag_kinds.POSITIVE
    )
    _declare_resolution(section)


def declare_compare(parser: flag_parser.Parser) -> None:
    """Declares the flags of `compare`."""
    _declare_dataset(parser)
    parser.positional("other", "The other one.")


def _declare_dataset(parser: flag_parser.Parser) -> None:
    parser.positional("dataset", "Dataset folder.")


def _declare_resolution(section: flag_parser.Section) -> None:
    section.add(
        "resolution",
        "Which of the stored resolutions; default: the full one.",
        flag_kinds.RESOLUTION,
    )
