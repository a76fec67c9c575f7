"""Which flagfile suits a machine on which a training would take too long."""

import dataclasses

from pgan_tf.base import flag_parser, text
from pgan_tf.networks import families
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import plan, speed

# Who waits longer than that had better know what else there is.
TOO_LONG = 2 * 86_400.0
# By the smallest resolution of the dataset for which they are.
_FLAGFILES = {64: "celeba64-cpu", 32: "celeba32-cpu"}


def advice(
    options: RunOptions,
    num_channels: int,
    machine: speed.Machine,
    seconds: float | None,
) -> list[str]:
    """Lines that say what would be done sooner; none if this is soon enough.

    Args:
        options: Of the training, with the resolution filled in.
        num_channels: Of the images.
        machine: A CPU.
        seconds: What the training will take.
    """
    if seconds is None or seconds < TOO_LONG:
        return []
    resolution = options.data.resolution
    name = next((n for r, n in _FLAGFILES.items() if resolution >= r), None)
    if name is None:
        return []
    words = [f"--flagfile={name}"]
    if options.data.data_dir:
        words.append(f"--data_dir={options.data.data_dir}")
    if options.run_dir:
        words.append(f"--run_dir={options.run_dir}-cpu")
    other = run_flags.parse(words)
    made = plan.make(
        dataclasses.replace(
            other,
            data=dataclasses.replace(other.data, max_label_size=0),
            networks=families.by_name(other.family).fill_in(
                other.networks, other.data.resolution
            ),
        ),
        num_channels,
        machine=machine,
    )
    if made.seconds is None or made.seconds > seconds / 2:
        return []
    size = f"{other.data.resolution}x{other.data.resolution}"
    took = text.duration(made.seconds + made.setup_seconds)
    return [
        f"That is long. For a CPU: --flagfile={name}, {size}, about {took}",
        f"  {flag_parser.called('train')} {' '.join(words)}",
        "What is typed wins over a flagfile, so the folders may be any.",
    ]
