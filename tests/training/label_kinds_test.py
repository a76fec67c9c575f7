"""What labels are decides on their loss, of all columns and of the first."""

import types
from unittest import mock

import numpy as np

from pgan_tf.data.format import datasets
from pgan_tf.runs.options import DataOptions, RunOptions
from pgan_tf.training import checks, compiled_steps, losses, plan, trainer
from tests import common, dataset_files

ONEHOT = np.eye(3, dtype=np.float32)[np.arange(6) % 3]
MULTIHOT = np.float32([[1, 0, 1], [0, 0, 1], [1, 1, 1]] * 2)
# Two attributes beside a number.
MIXED = np.float32([[1, 0, 20.5], [1, 1, -3], [0, 1, 7]] * 2)


class LabelKindsTest(common.TestCase):
    def trained_as(self, labels: np.ndarray, size: int) -> str:
        """Which loss a run of so many labels takes."""
        path = self.folder() / "set"
        dataset_files.save(path, np.zeros((6, 4, 4, 3), np.uint8), labels)
        options = checks.check(
            RunOptions(
                run_dir=str(path.parent / "run"),
                data=DataOptions(data_dir=str(path), max_label_size=size),
            )
        )
        dataset = datasets.open_dataset(path)
        run = types.SimpleNamespace(
            dataset=dataset,
            labels=dataset.labels[:, : options.data.max_label_size],
            options=options,
            nets=None,
            strategy=None,
            schedule=None,
        )
        with (
            mock.patch.object(compiled_steps, "make_iterations") as make,
            mock.patch.object(plan, "memory_advice", return_value=""),
        ):
            trainer.Run.compile(run, stage=None)
        *_, kind = make.call_args.args
        return losses.choose_label_loss(kind, options.losses.label_loss)

    def test_the_loss_follows_the_labels_in_use(self):
        for labels, size, expected in (
            (ONEHOT, 3, "softmax"),
            (ONEHOT, -1, "softmax"),
            (ONEHOT, 2, "softmax"),
            # Over one logit softmax is 1, whatever the label.
            (ONEHOT, 1, "sigmoid"),
            (MULTIHOT, 1, "sigmoid"),
            (MULTIHOT, 3, "sigmoid"),
            (MIXED, 1, "sigmoid"),
            (MIXED, 2, "sigmoid"),
        ):
            found = self.trained_as(labels, size)
            self.assertEqual(found, expected, (labels[0], size))
