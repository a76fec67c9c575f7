"""Packages that only some uses need, which are installed as extras."""

import importlib
import importlib.util
from collections.abc import Iterable
from typing import Any

from pgan_tf.base import errors


def require(module: str, extra: str, use: str) -> Any:
    """Imports a module that may not be installed.

    Args:
        module: Its full name.
        extra: Which of the package's extras brings it.
        use: What needs it, for the message.

    Raises:
        UserError: If it cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise missing(extra, use) from error


def check(modules: Iterable[str], extra: str, use: str) -> None:
    """As `require`, of modules that are slow to import and not needed yet."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise missing(extra, use)


def missing(extra: str, use: str) -> errors.UserError:
    """The one line that says how to get what a use needs."""
    return errors.UserError(
        f'{use} needs more packages: pip install "pgan_tf[{extra}]"'
    )
