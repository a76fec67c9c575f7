"""The names in --devices, as far as they tell without TensorFlow."""

import pathlib
import re

from pgan_tf.base import errors

_NAME = re.compile(r"(CPU|GPU):\d+")
# Where drivers of GPUs show themselves: NVIDIA's, AMD's, those of Windows.
_DRIVERS = ("nvidiactl", "kfd", "dxg")


def parse(devices: str) -> list[str]:
    """The names in --devices; none where it is empty.

    Raises:
        UserError: If it names one twice, or what is no device.
    """
    names = [name for name in devices.split(",") if name]
    for name in names:
        if not _NAME.fullmatch(name):
            raise errors.UserError(
                f"--devices={devices}: {name} is no device such as GPU:0 or "
                "CPU:0"
            )
    if len(set(names)) < len(names):
        raise errors.UserError(f"--devices={devices} names a device twice")
    return names


def count(devices: str) -> int | None:
    """How many devices will compute; None where only TensorFlow knows."""
    if names := parse(devices):
        return len(names)
    has_gpus = any(pathlib.Path("/dev", name).exists() for name in _DRIVERS)
    return None if has_gpus else 1
