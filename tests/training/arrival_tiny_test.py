"""Options of the tiny networks: they arrive."""

from typing import Any

import numpy as np
import tensorflow as tf

from pgan_tf.networks import families
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import state
from tests.training import arrival_case
from tests.training.arrival_case import reads


class TinyTest(arrival_case.ArrivalCase):
    """The options of the other family, `arrival_case.TINY`."""

    def tiny(self, **changes: Any) -> RunOptions:
        progressive = ProgressiveOptions.__dataclass_fields__
        without = {name: None for name in progressive}
        without |= {"max_label_size": None, "lod_initial_resolution": None}
        without |= {"precision": None, "loss_scale_log2": None}
        without |= {"max_micro_batch_dict": None}
        values = {**without, **arrival_case.TINY, **changes}
        return self.options("tiny", **values)

    def nets(self, **changes: Any) -> state.Networks:
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        return state.make_networks(self.tiny(**changes), 3, strategy)

    @reads("latent_size")
    def test_latent_size(self):
        self.assertEqual(self.nets().G.latent_size, 7)

    @reads("d_divisor")
    def test_divisor(self):
        """8 / 2 maps at the final resolution."""
        for given, width in ((2, 4), (8, 1)):
            D = self.nets(d_divisor=given).D
            self.assertIn(
                (3, width),
                {v.shape[-2:] for v in D.weights if len(v.shape) == 4},
            )

    @reads("batch_norm")
    def test_batch_norm(self):
        """What it gathers is state of Gs."""
        for given in (True, False):
            nets = self.nets(batch_norm=given)
            for network in (nets.G, nets.Gs):
                self.assertEqual(bool(network.copied_state()), given)
            self.assertEqual(nets.D.batch_norm, given)

    @reads("minibatch_stddev")
    def test_minibatch_stddev(self):
        """Whether a score is of one image, or of all."""
        random = np.random.RandomState(0)
        images = random.randn(4, 32, 32, 3).astype(np.float32)
        others = images.copy()
        others[1:] *= -3
        for given in (False, True):
            nets = self.nets(minibatch_stddev=given, batch_norm=None)
            one, other = (float(nets.D(x)[0][0, 0]) for x in (images, others))
            self.assertEqual(abs(one - other) > 1e-6, given)
            size = families.by_name("tiny").group_size(
                self.tiny(minibatch_stddev=given, batch_norm=None).networks
            )
            self.assertEqual(size, None if given else 0)

    @reads("growing")
    def test_growing(self):
        for given, first in ((False, 32), (None, 4)):
            options = self.tiny(growing=given)
            self.assertEqual(options.schedule.lod_initial_resolution, first)
            nets = self.nets(growing=given)
            self.assertEqual(nets.G.growing, bool(given is None))
            self.assertEqual(nets.D.growing, bool(given is None))
