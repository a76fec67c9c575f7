"""What a training tells before its first step: on what, with what, how long."""

import importlib.metadata
import math
import os
import pathlib
import platform
import subprocess
from collections.abc import Sequence
from typing import Any

from pgan_tf.base import device_names, devices, text, version
from pgan_tf.data.format.datasets import Dataset
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import gpus, speed
from pgan_tf.training.state import Networks

Facts = tuple[tuple[str, str], ...]


def facts(
    options: RunOptions,
    dataset: Dataset,
    nets: Networks,
    replicas: int,
) -> Facts:
    """(name, text) of all that a run works on and with.

    Args:
        options: Of the run.
        dataset: That it trains on.
        nets: Its networks.
        replicas: How many devices share a minibatch.
    """
    told = [
        ("device", _devices(options, replicas)),
        ("precision", options.optimizer.precision),
        ("dataset", _dataset(dataset, options)),
        ("networks", _networks(nets)),
        ("versions", _versions()),
    ]
    if state := _git_state():
        told.append(("code", state))
    return tuple(told)


def machine(options: RunOptions, replicas: int) -> speed.Machine | None:
    """What trains, as far as speeds are modelled by it; None: unknown."""
    name = _model(options)
    if name == "CPU":
        return speed.this_cpu(options.optimizer.precision)
    return gpus.machine(name, replicas)


def length(
    seconds: float | None, machine: speed.Machine | None, is_measured: bool
) -> str:
    """How long it will take, and how that is known.

    Args:
        seconds: That are left; None: unknown.
        machine: By which they are modelled.
        is_measured: Whether they follow from ticks before a restart.
    """
    if seconds is None:
        return "known after the first tick"
    about = f"about {text.duration(seconds)}"
    if is_measured:
        return f"{about} to go, as fast as it was so far"
    if machine is None:
        return about
    return (
        f"{about}, modelled for {machine.name} at "
        f"{machine.peak_gmac_per_sec:.0f} GMAC/s; ticks will tell"
    )


def _model(options: RunOptions) -> str:
    """Of the GPUs that compute, or "CPU"."""
    names = device_names.parse(options.devices)
    if names and not any("GPU" in name for name in names):
        return "CPU"
    return devices.describe()


def _devices(options: RunOptions, replicas: int) -> str:
    name = _model(options)
    if name != "CPU":
        return f"{replicas} x {name}" if replicas > 1 else name
    cores = len(os.sched_getaffinity(0))
    return f"CPU, {cores} cores; {devices.why_no_gpu()}"


def _dataset(dataset: Dataset, options: RunOptions) -> str:
    size = f"{dataset.resolution}x{dataset.resolution}"
    colors = "colour" if dataset.num_channels == 3 else "gray"
    told = f"{options.data.data_dir}, {dataset.num_images:,} {colors} images of"
    told += f" {size}"
    used = options.data.max_label_size
    if dataset.label_size:
        told += f", {used} of {dataset.label_size} labels used"
    return told


def _networks(nets: Networks) -> str:
    sizes = [
        f"{net.name} {text.count(_count(net.trainable_variables))}"
        for net in (nets.G, nets.D)
    ]
    return f"{', '.join(sizes)} parameters"


def _count(variables: Sequence[Any]) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


def _versions() -> str:
    of = importlib.metadata.version
    return (
        f"pgan_tf {version.VERSION}, TensorFlow {of('tensorflow')}, "
        f"Keras {of('keras')}, Python {platform.python_version()}"
    )


def _git_state() -> str:
    """The commit of a checkout, and whether files differ from it."""
    top = pathlib.Path(__file__).parents[2]
    if not (top / ".git").exists():
        return ""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(top), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        commit = git("rev-parse", "--short", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{commit}, with changes" if changed else commit
