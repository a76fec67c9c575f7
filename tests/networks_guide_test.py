"""docs/networks.md: its snippets run, and its commands parse."""

import contextlib
import shutil

import numpy as np

from pgan_tf.commands.generate import verbs
from tests import common, documents


class NetworksGuideTest(common.TestCase):
    def test_python(self):
        folder = self.folder()
        pickle = folder / "network-final.pkl"
        shutil.copy(common.GOLDEN_DIR / "ref_snapshot.pkl", pickle)
        scope: dict = {}
        with contextlib.chdir(folder):
            exec(documents.python("From Python"), scope)
            self.assertEqual(scope["drawn"].shape, (16, 32, 32, 3))
            self.assertAllEqual(
                scope["early"], common.native(scope["early"], 8).repeat(4, 1)
                .repeat(4, 2),
            )  # fmt: skip
            exec(documents.python("NVIDIA's networks in"), scope)
        self.assertEqual(scope["images"].shape, (1, 32, 32, 3))
        self.assertEqual(scope["scores"].shape, (16, 1))
        names = {path.name for path in folder.iterdir()}
        self.assertEqual(names, {pickle.name, "grid.png"})
        first = np.random.RandomState(1000).randn(1, 32)
        self.assertAllEqual(scope["latents"], first)

    def test_commands(self):
        found = documents.commands("Networks")
        self.assertGreaterEqual(len(found), 4)
        for script, *args in found:
            self.assertEqual(script, "generate.py")
            self.assertEqual(verbs.SCRIPT.parse(args).verb, args[0])
