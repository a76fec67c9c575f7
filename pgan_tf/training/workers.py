"""What the processes of a training tell each other.

They run the same program: each calls these functions as often as the others,
and in the same order.
"""

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from pgan_tf.base import device_names, devices, errors, files
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import cluster, state, stopping

# What TensorFlow raises when the connection to another process is lost.
_LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def make_strategy(
    devices_flag: str, here: cluster.Cluster
) -> tf.distribute.Strategy:
    """One replica per device of this process, or of all of a cluster.

    With several processes it returns when all of them are there. It must come
    before any other use of TensorFlow then.

    Args:
        devices_flag: As `devices.make_strategy` takes it.
        here: The processes that train together.

    Raises:
        UserError: If there is no such device.
    """
    if not here.workers:
        return devices.make_strategy(devices_flag)
    devices.let_memory_grow()
    show_only(device_names.parse(devices_flag))
    with stopping.StopRequest.deaf():
        return tf.distribute.MultiWorkerMirroredStrategy()


def show_only(names: list[str]) -> None:
    """Hides the other GPUs: a strategy of many hosts takes all it sees."""
    gpus = {
        gpu.name.removeprefix("/physical_device:"): gpu
        for gpu in tf.config.list_physical_devices("GPU")
    }
    for name in names:
        if name not in gpus and name != "CPU:0":
            raise errors.UserError(
                f"--devices={','.join(names)}: no {name} for a worker of "
                f"TF_CONFIG, only {', '.join(['CPU:0', *gpus])}"
            )
    if names:
        visible = [gpus[name] for name in names if name in gpus]
        tf.config.set_visible_devices(visible, "GPU")


class Workers:
    """The processes of a training, as one of them sees them.

    Args:
        strategy: As `make_strategy` makes it.
        index: Of this process in its cluster.

    Attributes:
        index: Which of them this one is.
        count: How many there are.
        is_chief: Whether this one writes.
    """

    def __init__(self, strategy: tf.distribute.Strategy, index: int) -> None:
        self._strategy = strategy
        self.count = devices.num_workers(strategy)
        self.index = index
        self.is_chief = index == 0
        self.sum = tf.function(self._summed)

    def part(self) -> tuple[int, int]:
        """Which part of each minibatch is this process's: (index, count)."""
        return self.index, self.count

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Whether any process says so, for each question."""
        if self.count == 1:
            return flags
        answers = np.asarray(flags, np.float32)
        return tuple(bool(x) for x in self.sum(tf.constant(answers)) > 0)

    def check_same(self, what: str, value: str) -> None:
        """Checks that all processes have the same value.

        Raises:
            UserError: If not; all of them raise it.
        """
        if self.count == 1:
            return
        # 24 bits, which a float32 has.
        digest = hashlib.sha256(value.encode()).digest()
        number = float(int.from_bytes(digest[:3]))
        own = np.zeros(self.count, np.float32)
        own[self.index] = number
        found = self.sum(tf.constant(own)).numpy()
        odd = [i for i, x in enumerate(found) if x != found[0]]
        if odd:
            raise errors.UserError(
                f"worker {odd[0]} of TF_CONFIG has not the chief's {what}: "
                "give every host the same command, dataset and --run_dir, in "
                "a folder that they share"
            )

    def check_start(
        self,
        options: RunOptions,
        dataset_digest: str,
        nimg: int,
        nets: state.Networks,
    ) -> None:
        """Checks that all processes begin the same training at one place.

        Raises:
            UserError: If not.
        """
        if self.count == 1:
            return
        # Folders and devices may have other names on other hosts.
        options = dataclasses.replace(
            options,
            run_dir="",
            devices="",
            data=dataclasses.replace(options.data, data_dir=""),
        )
        self.check_same("flags", run_flags.to_json(options))
        self.check_same("dataset", dataset_digest)
        self.check_same("checkpoint", str(nimg))
        self.check_same("weights to begin with", self.digest(nets))

    def digest(self, nets: state.Networks) -> str:
        """A short name for the bits of all weights of G, D and Gs."""
        return files.sha256_of_weights(nets.G, nets.D, nets.Gs)[:16]

    def interruptible(
        self, stop: stopping.StopRequest
    ) -> contextlib.AbstractContextManager[None]:
        """Inside, a request stops a process that nobody waits for at once."""
        if self.count == 1:
            return stop.at_once()
        return contextlib.nullcontext()

    def _summed(self, values: tf.Tensor) -> tf.Tensor:
        """The sum over processes, at each of them."""
        everywhere = self._strategy.run(lambda: values)
        total = self._strategy.reduce("SUM", everywhere, axis=None)
        local = self._strategy.num_replicas_in_sync // self.count
        return total / local


@contextlib.contextmanager
def losses_told(here: cluster.Cluster, run_dir: str) -> Iterator[None]:
    """Says in a line that another process is gone, and what to do.

    Raises:
        UserError: In place of TensorFlow's error.
    """
    try:
        yield
    except _LOST as error:
        if not here.workers:
            raise
        raise errors.UserError(
            "lost a worker of TF_CONFIG: start train.py again on every host, "
            "by the same commands; they continue from the last checkpoint in "
            f"--run_dir={run_dir}"
        ) from error
