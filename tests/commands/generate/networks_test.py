"""Each verb, by the real script, on a network that was trained a little and on
one of NVIDIA's."""

import json

import numpy as np

from pgan_tf.base import images
from pgan_tf.networks import export_formats
from pgan_tf.training import trainer
from tests import common
from tests.commands.generate import generate_case
from tests.training import trainer_test


class VerbsTest(generate_case.GenerateCase):
    def export(self, network):
        for name, format_ in export_formats.FORMATS.items():
            out = f"of_{name}{format_.suffix}"
            output = self.succeed("export", network, f"--format={name}",
                                  f"--out={out}")  # fmt: skip
            self.assertStartsWith(output, f"wrote {out}: run once, ")
            self.assertTrue((self.cwd / out).exists())


class TrainedTest(VerbsTest):
    def test_every_verb(self):
        trainer_test.make_dataset(self.cwd / "set")
        options = trainer_test.make_options(self.cwd, max_label_size=3)
        trainer.train(options)
        draw = ("--network=run", "--class=1")
        self.succeed("images", *draw, "--grid=2x2", "--out=.")
        self.assertEqual(self.pixels("grid.png").shape, (512, 512, 3))
        self.succeed("interpolate", *draw, "--between=1,2", "--duration=3",
                  "--fps=1", "--out=walk.png")  # fmt: skip
        self.assertEqual(self.pixels("walk.png").shape, (512, 1536, 3))
        self.succeed("training_video", "--run_dir=run", "--duration=1",
                  "--fps=4", "--out=film.gif")  # fmt: skip
        images.save_png(self.cwd / "grey.png", np.full((8, 8, 3), 90, np.uint8))
        self.succeed("project", *draw, "--target=grey.png", "--steps=5",
                  "--video=none", "--out=found")  # fmt: skip
        facts = json.loads((self.cwd / "found" / "project.json").read_text())
        self.assertLess(facts["distance"], min(facts["distances"][0]))
        self.assertEqual(facts["class"], "1")
        output = self.succeed("explore", *draw, "--directions=2", "--seeds=0",
                           "--attributes=0", "--out=page.html")  # fmt: skip
        self.assertIn("wrote 2 principal directions", output)
        self.export("--network=run")


class NvidiaTest(VerbsTest):
    def test_every_verb(self):
        pickle = f"--network={common.GOLDEN_DIR / 'ref_snapshot.pkl'}"
        golden = common.golden("ref_snapshot")
        np.save(self.cwd / "z.npy", golden["latents"])
        for shrink, name in ((2, "Gs_out_uint8_shrink2"), (1, "Gs_out_uint8")):
            self.succeed("images", pickle, "--latents=z.npy", "--out=.",
                      f"--shrink={shrink}")  # fmt: skip
            for i, expected in enumerate(common.nhwc(golden[name])):
                found = self.pixels(f"latent{i:04d}.png").astype(int)
                self.assertLessEqual(np.abs(found - expected).max(), 1)
        self.succeed("interpolate", pickle, "--duration=2", "--fps=1",
                  "--out=walk.webp")  # fmt: skip
        self.succeed("project", pickle, "--target=latent0000.png", "--steps=5",
                  "--restarts=1", "--video=gif", "--out=found")  # fmt: skip
        facts = json.loads((self.cwd / "found" / "project.json").read_text())
        self.assertLess(facts["distance"], facts["distances"][0][0])
        output = self.succeed("explore", pickle, "--directions=2", "--seeds=0",
                           "--out=page.html")  # fmt: skip
        self.assertIn("(the run's dataset is not here)", output)
        self.export(pickle)
