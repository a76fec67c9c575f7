"""Event files, read back record by record."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow.core.util import event_pb2

from pgan_tf.training import summaries
from tests import common


class WriterTest(common.TestCase):
    def test_scalars_and_pictures(self):
        folder = self.folder()
        picture = np.arange(36, dtype=np.uint8).reshape(4, 3, 3)
        writer = summaries.Writer(folder)
        writer.scalars({"G_loss": 2.5, "lod": 1.0}, nimg=12_345)
        writer.picture("fakes", picture, nimg=13_000)
        writer.close()
        (path,) = folder.iterdir()
        found = {}
        for record in tf.data.TFRecordDataset(str(path)):
            event = event_pb2.Event.FromString(record.numpy())
            for value in event.summary.value:
                plugin = value.metadata.plugin_data.plugin_name
                found[value.tag] = (event.step, plugin, value.tensor)
        self.assertEqual(set(found), {"G_loss", "Progress/lod", "fakes"})
        step, plugin, tensor = found["G_loss"]
        self.assertEqual((step, plugin), (12, "scalars"))
        self.assertAllEqual(tf.make_ndarray(tensor), 2.5)
        step, plugin, tensor = found["fakes"]
        self.assertEqual((step, plugin), (13, "images"))
        width, height, png = tf.make_ndarray(tensor)
        self.assertEqual((int(width), int(height)), (3, 4))
        self.assertAllEqual(Image.open(io.BytesIO(png)), picture)
