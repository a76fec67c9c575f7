"""TensorBoard event files, without needing TensorBoard to write them."""

import io
import os
import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow.core.framework import summary_pb2

# The names that the reference gives to what we report, for runs side by side.
NAMES = {
    "tick": "Progress/tick",
    "kimg": "Progress/kimg",
    "lod": "Progress/lod",
    "minibatch": "Progress/minibatch",
    "seconds": "Timing/total_sec",
    "sec_per_tick": "Timing/sec_per_tick",
    "sec_per_kimg": "Timing/sec_per_kimg",
    "data_sec": "Timing/data_sec",
    "maintenance_sec": "Timing/maintenance_sec",
    "D_real_scores": "Loss/real_scores",
    "D_fake_scores": "Loss/fake_scores",
    "D_mixed_norms": "Loss/mixed_norms",
    "D_drift_penalty": "Loss/epsilon_penalty",
    "G_lrate": "TrainG/learning_rate",
    "D_lrate": "TrainD/learning_rate",
    "G_skipped_steps": "TrainG/overflow_frequency",
    "D_skipped_steps": "TrainD/overflow_frequency",
}

_BUCKETS = 30


class Writer:
    """Writes scalars, pictures and weights, with kimg as the step axis.

    Args:
        folder: Where the event file goes; each writer starts a new one. None:
            nothing is written.
    """

    def __init__(self, folder: pathlib.Path | None) -> None:
        self._writer = (
            # As bytes, since names of folders need not be UTF-8.
            tf.summary.create_file_writer(os.fsencode(folder))
            if folder
            else tf.summary.create_noop_writer()
        )

    def scalars(self, values: Mapping[str, float], nimg: int) -> None:
        """Writes each value, under the reference's name where it has one."""
        metadata = _metadata("scalars", summary_pb2.DATA_CLASS_SCALAR)
        with self._writer.as_default(step=_step(nimg)):
            for name, value in values.items():
                tensor = tf.constant(np.float32(value))
                name = NAMES.get(name, name)
                tf.summary.write(name, tensor, metadata=metadata)

    def picture(self, name: str, image: np.ndarray, nimg: int) -> None:
        """Writes one uint8 picture [H,W,3]."""
        png = io.BytesIO()
        Image.fromarray(image).save(png, format="PNG")
        height, width, _ = image.shape
        tensor = tf.constant([str(width), str(height), png.getvalue()])
        metadata = _metadata("images", summary_pb2.DATA_CLASS_BLOB_SEQUENCE)
        with self._writer.as_default(step=_step(nimg)):
            tf.summary.write(name, tensor, metadata=metadata)

    def weights(
        self, network: str, arrays: Mapping[str, np.ndarray], nimg: int
    ) -> None:
        """Writes histograms of a network's weights.

        Args:
            network: Its name, such as G.
            arrays: By the names of layer and part, such as
                `16x16/Conv1/weight`, which becomes `G_weight/16x16_Conv1`, as
                the reference has it.
            nimg: Images shown so far.
        """
        for name, values in arrays.items():
            layer, _, part = name.rpartition("/")
            layer = layer.replace("/", "_")
            self._histogram(f"{network}_{part}/{layer}", values, nimg)

    def _histogram(self, name: str, values: np.ndarray, nimg: int) -> None:
        """Writes how values are distributed, over buckets of one width."""
        # An update that went wrong must not end the run here.
        counts, edges = np.histogram(values[np.isfinite(values)], _BUCKETS)
        # A row for each bucket: [left, right, count].
        rows = np.stack([edges[:-1], edges[1:], counts], axis=1)
        tensor = tf.constant(rows, tf.float64)
        metadata = _metadata("histograms", summary_pb2.DATA_CLASS_TENSOR)
        with self._writer.as_default(step=_step(nimg)):
            tf.summary.write(name, tensor, metadata=metadata)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def _step(nimg: int) -> tf.Tensor:
    """TensorBoard's step after so many images.

    Of a number of Python TensorFlow would keep a tensor for good, in case it
    comes again; so numbers come as NumPy's.
    """
    return tf.constant(np.int64(nimg // 1000))


def _metadata(plugin: str, data_class: int) -> summary_pb2.SummaryMetadata:
    """Says which of TensorBoard's dashboards shows a value."""
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin)
    return summary_pb2.SummaryMetadata(plugin_data=data, data_class=data_class)
