"""Which devices a run uses, and how exactly they count."""

import resource

import tensorflow as tf

from pgan_tf import errors


def make_deterministic() -> None:
    """Lets every operation give the same bits each time.

    Ahead of the first use of a device. On a CPU, sums that are split over
    threads depend on how they are split; so each operation gets one thread.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)


def make_strategy(devices: str) -> tf.distribute.Strategy:
    """One replica per device.

    Args:
        devices: Such as "GPU:0,GPU:1"; empty: all visible GPUs, or the CPU.
            "CPU:0,CPU:1" splits the CPU into two virtual devices, for tests.

    Raises:
        UserError: If there is no such device.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    names = [name for name in devices.split(",") if name]
    if len(set(names)) < len(names):
        raise errors.UserError(f"--devices={devices} names a device twice")
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


def peak_memory_mb() -> float:
    """The most memory in use so far: of the fullest GPU, or of this process."""
    gpus = tf.config.list_logical_devices("GPU")
    names = [gpu.name.removeprefix("/device:") for gpu in gpus]
    peaks = [tf.config.experimental.get_memory_info(n)["peak"] for n in names]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return round(max(peaks, default=own) / 2**20, 1)
