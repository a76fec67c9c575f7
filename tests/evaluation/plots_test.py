import pathlib
from unittest import mock

import numpy as np
import tensorflow as tf
from matplotlib import figure
from PIL import Image
from tensorflow.core.util import event_pb2

from pgan_tf.evaluation import plots, results
from pgan_tf.evaluation.metrics.metric import Value
from tests import common


def row(name, fid, score, recall=None):
    found = [
        results.Result(name, "fid", "FID", 9, Value(fid)),
        results.Result(name, "is", "IS", 9, Value(score, spread=0.1)),
    ]
    if recall is not None:
        levels = {"precision": 1 - recall, "recall": recall}
        value = Value(1 - recall, levels=levels, headline=None)
        found.append(results.Result(name, "pr", "PR[a]", 9, value))
    return found


class TruncationTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()

    def test_curve(self):
        rows = {None: row("b", 9.0, 3.0, 0.6), 0.5: row("a", 20.0, 4.0, 0.1)}
        plots.save_sweep(self.here, "snap", rows)
        with Image.open(self.here / "truncation-snap.png") as picture:
            self.assertEqual(picture.size, (600, 960))  # two panels
        rows[0.5] = row("a", 20.0, 4.0)
        plots.save_sweep(self.here, "snap", rows)
        with Image.open(self.here / "truncation-snap.png") as picture:
            self.assertEqual(picture.size, (600, 480))

    def test_points_are_in_the_order_of_truncation(self):
        """Latents that are not truncated come last."""
        rows = {
            None: row("c", 9.0, 3.0),
            0.5: row("a", 20.0, 4.0),
            1.0: row("b", 12.0, 3.5),
        }
        drawn = []

        def keep(figure, path, **_):
            drawn.append(figure.axes[0])
            pathlib.Path(path).touch()

        with mock.patch.object(figure.Figure, "savefig", keep):
            plots.save_sweep(self.here, "snap", rows)
        (line,) = drawn[0].lines
        self.assertAllEqual(line.get_xydata(), [[20, 4], [12, 3.5], [9, 3]])
        texts = [text.get_text() for text in drawn[0].texts]
        self.assertEqual(texts, ["0.5", "1", "none"])
        self.assertEqual(drawn[0].get_xlabel(), "FID")
        self.assertEqual(drawn[0].get_ylabel(), "IS")

    def test_curves_are_on_disk_as_soon_as_they_are_known(self):
        curves = plots.Curves(self.here)
        self.addCleanup(curves.close)
        tried = results.Result("a", "fid", "FID", 64, Value(30.0))
        curves.add([*row("a", 20.0, 4.0, 0.25), tried], 30)
        (path,) = (p for p in self.here.rglob("*") if p.is_file())
        found, told = {}, {}
        for record in tf.data.TFRecordDataset(str(path)):
            event = event_pb2.Event.FromString(record.numpy())
            for value in event.summary.value:
                number = float(tf.make_ndarray(value.tensor))
                found[value.tag, event.step] = number
                told[value.tag] = value.metadata.summary_description
        # Precision and recall are two numbers, and no third that sums them up.
        self.assertEqual(
            found,
            {
                ("metrics/FID n=9", 30): 20.0,
                ("metrics/FID n=64", 30): 30.0,
                ("metrics/IS n=9", 30): 4.0,
                ("metrics/PR[a] precision n=9", 30): 0.75,
                ("metrics/PR[a] recall n=9", 30): 0.25,
            },
        )
        for tag, better in (("FID n=64", "lower"), ("IS n=9", "higher")):
            self.assertRegex(
                told[f"metrics/{tag}"], f"^.{{9,}}; better: {better}$"
            )

    def test_numbers_that_span_no_curve(self):
        rows = {None: row("b", 1.0, 2.0)[:1], 0.5: row("a", 1.0, 2.0)[:1]}
        plots.save_sweep(self.here, "snap", rows)
        self.assertEmpty(list(self.here.iterdir()))


class ArraysTest(common.TestCase):
    def test_nearest_neighbours(self):
        here = self.folder()
        nearest = np.zeros((8, 12, 3), np.uint8)
        arrays = {
            "nearest": nearest,
            "fakes": np.linspace(3, 5, 20),
            "reals": np.linspace(4, 6, 20),
        }
        plots.save_arrays(here, "some", Value(0.01, arrays=arrays))
        with Image.open(here / "nearest-some.png") as picture:
            self.assertAllEqual(np.asarray(picture), nearest)
        with Image.open(here / "distances-some.png") as picture:
            self.assertEqual(picture.size, (600, 480))

    def test_modes(self):
        here = self.folder()
        counts = np.arange(1000)
        plots.save_arrays(here, "some", Value(1.0, arrays={"modes": counts}))
        with Image.open(here / "modes-some.png") as picture:
            self.assertEqual(picture.size, (600, 480))

    def test_what_a_picture_of_modes_says(self):
        drawn = []

        def keep(picture, path, **options):
            drawn.append(picture)
            pathlib.Path(path).touch()

        counts = np.array([0, 5, 1, 0, 1500])
        value = Value(1.0, arrays={"modes": counts})
        with mock.patch.object(figure.Figure, "savefig", keep):
            plots.save_arrays(self.folder(), "a $_{b", value)
        (picture,) = drawn
        self.assertEqual(picture.get_suptitle(), "a $_{b")
        (axes,) = picture.axes
        title = "3 of 5 modes in 1,506 images"
        self.assertEqual(axes.get_title(), title)
        (steps,) = axes.patches
        self.assertAllEqual(steps.get_data().values, [1500, 5, 1, 0, 0])
        (label,) = axes.get_legend().get_texts()
        self.assertEqual(label.get_text(), "if all were even: 301.2")
        picture.canvas.draw()
        shown = {each.get_text() for each in axes.get_yticklabels()}
        self.assertContainsSubset({"0", "1", "10", "100", "1,000"}, shown)

    def test_nothing_without_arrays(self):
        here = self.folder()
        plots.save_arrays(here, "some", Value(1.0))
        self.assertEmpty(list(here.iterdir()))


if __name__ == "__main__":
    tf.test.main()
