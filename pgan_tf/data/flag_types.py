"""What the flags of dataset_tool.py accept."""

import argparse

from pgan_tf.data import file_names


def power_of_two(text: str) -> int:
    """Parses a resolution."""
    value = int(text)
    if value not in file_names.levels_of(1024):
        raise argparse.ArgumentTypeError(
            f"{text} is not a power of two from 4 to 1024"
        )
    return value
