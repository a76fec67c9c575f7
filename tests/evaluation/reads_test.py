"""What an evaluation reads: the configuration once, each network once."""

from unittest import mock

import tensorflow as tf

from pgan_tf.evaluation import of_classes, of_run
from pgan_tf.evaluation.options import Options
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from tests import common, small_run


class ReadsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.configs = self.count(run_folder, "read_config")
        self.networks = self.count(snapshots, "load_generator")
        self.run_dir = small_run.make(
            self.here, lods=(2.0, 1.0, 0.0), label_size=2
        )
        self.names = [
            path.name for path in run_folder.list_snapshots(self.run_dir)
        ]

    def count(self, module, name):
        """Lets a function do its work and note its calls."""
        spy = mock.Mock(wraps=getattr(module, name))
        self.enter_context(mock.patch.object(module, name, spy))
        return spy

    def loaded(self):
        """The snapshots that were loaded since it was last asked."""
        names = [call.args[0].name for call in self.networks.mock_calls]
        self.networks.reset_mock()
        return names

    def test_one_snapshot(self):
        of_run.evaluate(self.run_dir, Options(("swd", "msssim")))
        self.assertEqual(self.configs.call_count, 1)
        self.assertEqual(self.loaded(), self.names[-1:])

    def test_several_snapshots_with_truncated_latents(self):
        options = Options(("swd",), snapshot="all", truncation=(0.5, 1.0))
        first = of_run.evaluate(self.run_dir, options)
        self.assertLen(first.results, 9)
        self.assertEqual(self.configs.call_count, 1)
        self.assertEqual(self.loaded(), self.names)
        # Known numbers need no network but the first, for its resolution.
        again = of_run.evaluate(self.run_dir, options)
        self.assertEqual(again.results, first.results)
        self.assertEqual(self.configs.call_count, 2)
        self.assertEqual(self.loaded(), self.names[:1])

    def test_all_classes_of_several_snapshots(self):
        options = Options(("fid",), features="random", snapshot="all")
        report = of_classes.evaluate(self.run_dir, options)
        self.assertLen(report.results, 6)
        self.assertEqual(self.configs.call_count, 1)
        self.assertEqual(self.loaded(), self.names)


if __name__ == "__main__":
    tf.test.main()
