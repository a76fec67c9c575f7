"""TensorBoard event files, without needing TensorBoard to write them."""

import io
import os
import pathlib
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow.core.framework import summary_pb2

from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import tick_numbers
from pgan_tf.runs.options import RunOptions

# What the pictures show, for whoever opens them in TensorBoard.
_PICTURES = {
    "fakes": "Always the same latents, through the average of G.",
    "reals": "Images of the dataset.",
}
_BUCKETS = 30


class Writer:
    """Writes scalars, pictures, texts and weights, with kimg as step axis.

    A curve begins with its first number that is not zero, so that nothing is
    drawn of what a run does not have; its zeros are then added.

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
        # By tag, of curves that have not begun: where the first and the last
        # zero would be.
        self._zeros: dict[str, tuple[int, int]] = {}
        self._begun: set[str] = set()
        # Tags that were described, which once in a file is enough.
        self._described: set[str] = set()

    def tick(self, values: Mapping[str, float], nimg: int) -> None:
        """Writes the numbers of a tick, under their names in stats.jsonl."""
        for name, value in values.items():
            tag, told = tick_numbers.of(name)
            self.scalar(tag, value, nimg, told)

    def scalar(self, tag: str, value: float, nimg: int, told: str = "") -> None:
        """Writes a point of a curve.

        Args:
            tag: Its group, "/" and its name.
            value: Any float.
            nimg: Images shown so far.
            told: What the number is.
        """
        if tag not in self._begun:
            if value == 0:
                first, _ = self._zeros.get(tag, (nimg, nimg))
                self._zeros[tag] = first, nimg
                return
            self._begun.add(tag)
            for zero in sorted(set(self._zeros.pop(tag, ()))):
                self._scalar(tag, 0.0, zero, told)
        self._scalar(tag, value, nimg, told)

    def has_begun(self, names: Collection[str]) -> None:
        """Lets curves go on that a file before this one has begun.

        Args:
            names: Those of `tick` that were not always zero.
        """
        self._begun.update(tick_numbers.of(name).tag for name in names)

    def config(
        self,
        options: RunOptions,
        facts: Sequence[tuple[str, str]],
        nimg: int,
    ) -> None:
        """Writes what a run does and on what, as a text.

        Args:
            options: Of the run.
            facts: What it runs on and with: (name, text).
            nimg: Images shown when this began to hold.
        """
        # Those that were chosen come first.
        every = sorted(run_flags.with_changes(options), key=lambda o: not o[2])
        told = [
            (f"**{name}**" if changed else name, value)
            for name, value, changed in every
        ]
        command = " \\\n  ".join(run_flags.command_words(options))
        parts = [
            "    " + command.replace("\n", "\n    "),
            _markdown_table(("runs on", ""), facts),
            _markdown_table(("option", "value"), told),
        ]
        self._write(
            "config",
            tf.constant("\n\n".join(parts)),
            nimg,
            _metadata(
                "text",
                summary_pb2.DATA_CLASS_TENSOR,
                "The command, what it runs on, and every option; those that "
                "differ from their defaults are bold.",
            ),
        )

    def picture(self, name: str, image: np.ndarray, nimg: int) -> None:
        """Writes one uint8 picture [H,W,3]: name is fakes or reals."""
        png = io.BytesIO()
        Image.fromarray(image).save(png, format="PNG")
        height, width, _ = image.shape
        tensor = tf.constant([str(width), str(height), png.getvalue()])
        kind = summary_pb2.DATA_CLASS_BLOB_SEQUENCE
        metadata = _metadata("images", kind, _PICTURES[name])
        self._write(f"Pictures/{name}", tensor, nimg, metadata)

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
        self._write(name, tensor, nimg, metadata)

    def _scalar(self, tag: str, value: float, nimg: int, told: str) -> None:
        if tag in self._described:
            told = ""
        self._described.add(tag)
        metadata = _metadata("scalars", summary_pb2.DATA_CLASS_SCALAR, told)
        self._write(tag, tf.constant(np.float32(value)), nimg, metadata)

    def _write(
        self,
        tag: str,
        tensor: tf.Tensor,
        nimg: int,
        metadata: summary_pb2.SummaryMetadata,
    ) -> None:
        with self._writer.as_default(step=_step(nimg)):
            tf.summary.write(tag, tensor, metadata=metadata)

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


def _metadata(
    plugin: str, data_class: int, told: str = ""
) -> summary_pb2.SummaryMetadata:
    """Says which of TensorBoard's dashboards shows a value, and what it is."""
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin)
    return summary_pb2.SummaryMetadata(
        plugin_data=data, data_class=data_class, summary_description=told
    )


def _markdown_table(
    head: tuple[str, str], rows: Sequence[tuple[str, str]]
) -> str:
    """A table in Markdown, whose values are anybody's text."""
    lines = [f"| {head[0]} | {head[1]} |", "| --- | --- |"]
    lines += [f"| {name} | {_verbatim(value)} |" for name, value in rows]
    return "\n".join(lines)


def _verbatim(value: str) -> str:
    """A text in a cell of a Markdown table, where nothing in it has a sense."""
    return "".join(
        f"&#{ord(c)};" if c in "\\`*_{}[]<>()#+-.!|&\r\n" else c for c in value
    )
