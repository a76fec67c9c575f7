"""Which devices a run uses, and how exactly they count."""

import resource

import tensorflow as tf

from pgan_tf import errors
from pgan_tf.training import cluster, stopping

_ALONE = cluster.Cluster()


def make_deterministic() -> None:
    """Lets every operation give the same bits each time.

    Ahead of the first use of a device. On a CPU, sums that are split over
    threads depend on how they are split; so each operation gets one thread.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)


def make_strategy(
    devices: str, here: cluster.Cluster = _ALONE
) -> tf.distribute.Strategy:
    """One replica per device, of this process or of all of a cluster.

    With several processes it returns when all of them are there. It must come
    before any other use of TensorFlow then.

    Args:
        devices: Such as "GPU:0,GPU:1"; empty: all visible GPUs, or the CPU.
            "CPU:0,CPU:1" splits the CPU into two virtual devices, for tests.
        here: The processes that train together.

    Raises:
        UserError: If there is no such device.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    names = [name for name in devices.split(",") if name]
    if len(set(names)) < len(names):
        raise errors.UserError(f"--devices={devices} names a device twice")
    if here.workers:
        _show_only(names)
        with stopping.StopRequest.deaf():
            return tf.distribute.MultiWorkerMirroredStrategy()
    virtual = sum(name.startswith("CPU:") for name in names)
    if virtual > 1:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * virtual,
        )
    present = [
        device.name.removeprefix("/device:")
        for device in tf.config.list_logical_devices()
    ]
    for name in names:
        if name not in present:
            raise errors.UserError(
                f"--devices={devices}: no {name} here, only "
                f"{', '.join(present)}"
            )
    gpus = [name for name in present if name.startswith("GPU:")]
    return tf.distribute.MirroredStrategy(names or gpus or ["CPU:0"])


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Processes that train together."""
    local = len(strategy.extended.worker_devices)
    return strategy.num_replicas_in_sync // local


def _show_only(names: list[str]) -> None:
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


def describe() -> str:
    """The model of the first GPU, or CPU."""
    for gpu in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        return details.get("device_name", "GPU")
    return "CPU"


def peak_memory_mb() -> float:
    """The most memory in use so far: of the fullest GPU, or of this process."""
    gpus = tf.config.list_logical_devices("GPU")
    names = [gpu.name.removeprefix("/device:") for gpu in gpus]
    peaks = [tf.config.experimental.get_memory_info(n)["peak"] for n in names]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return round(max(peaks, default=own) / 2**20, 1)
