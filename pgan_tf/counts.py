"""Counts on a command line, for argparse's `type`."""

import argparse


def positive(text: str) -> int:
    """Parses a count."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return int(text)


def not_negative(text: str) -> int:
    """Parses a count that may be 0, or a seed."""
    if int(text) < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return int(text)
