"""What version 0.1.0 has written can still be read, resumed and evaluated.

`golden/README.md` tells how the files were made. A test works on a copy.
"""

import json
import shutil
import zipfile

import numpy as np
import tensorflow as tf

import pgan_tf
from pgan_tf.data.format import datasets
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import checkpoints, state
from tests import common, processes

PINNED = common.GOLDEN_DIR / "pinned"
DATA = "datasets/faces16"
RUN = "runs/pinned"
SNAPSHOT = f"{RUN}/network-snapshot-000001.keras"
TRAINING = (
    f"--data_dir={DATA}",
    f"--run_dir={RUN}",
    "--resolution=16",
    "--max_label_size=2",
    "--fmap_base=64",
    "--fmap_max=8",
    "--minibatch_base=8",
    "--lod_training_kimg=0.896",
    "--lod_transition_kimg=0.512",
    "--tick_kimg_base=0.256",
    "--total_kimg=1.28",
    "--grid=4x2",
    "--network_snapshot_ticks=4",
    "--eval_features=random",
    "--eval_num_images=64",
    "--deterministic",
)
EVALUATION = (
    f"--run_dir={RUN}",
    "--metrics=swd,fid",
    "--features=random",
    "--num_images=64",
)


def networks_of(options: RunOptions) -> state.Networks:
    """Fresh networks and optimizers, as a run makes them."""
    strategy = tf.distribute.get_strategy()
    return state.make_networks(options, 3, strategy)


def squares(nets: state.Networks) -> dict[str, np.ndarray]:
    """All that a checkpoint holds, by name."""
    found = {}
    for name in ("G", "D", "Gs"):
        weights = getattr(nets, name).weights
        found |= {f"{name} {v.path}": np.asarray(v) for v in weights}
    for network, adam in (("G", nets.g_adam), ("D", nets.d_adam)):
        found[f"{network} step"] = adam.step.numpy()
        variables = getattr(nets, network).trainable_variables
        for name, moments in (("m", adam.m), ("v", adam.v)):
            for variable, moment in zip(variables, moments, strict=True):
                found[f"{network} {name} {variable.path}"] = moment.numpy()
    return found


def sums_of_squares(arrays: dict[str, np.ndarray]) -> dict[str, float]:
    return {
        name: float(np.sum(np.square(array, dtype=np.float64)))
        for name, array in arrays.items()
    }


class PinnedTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder() / "pinned"
        shutil.copytree(PINNED, self.here)
        self.run_dir = self.here / RUN
        self.expected = json.loads((self.here / "expected.json").read_text())
        self.arrays = common.golden("pinned/expected")

    def run_script(self, script: str, *arguments: str) -> str:
        """Returns what a real script prints, run in the copy."""
        return processes.succeed(
            common.ROOT / script,
            *arguments,
            cwd=self.here,
            env={"XDG_CACHE_HOME": self.here / "cache"},
        )

    def content(self, *patterns: str) -> dict[str, bytes]:
        """The files of the run folder that fit the patterns."""
        return {
            path.name: path.read_bytes()
            for pattern in patterns
            for path in self.run_dir.glob(pattern)
        }

    def test_snapshot(self):
        with zipfile.ZipFile(self.here / SNAPSHOT) as archive:
            written = json.loads(archive.read("config.json"))
        G = pgan_tf.load(self.here / SNAPSHOT)
        # By this name Keras finds the class, whatever its module.
        self.assertEqual(written["registered_name"], "pgan_tf>Generator")
        self.assertEqual(
            [variable.path for variable in G.weights], self.expected["weights"]
        )
        drawn = self.arrays["latents"], self.arrays["labels"]
        # Values of up to 3, in float32, by the kernels of any CPU.
        tolerance = {"rtol": 0, "atol": 2e-5}
        self.assertAllClose(G(*drawn), self.arrays["images"], **tolerance)
        final = G(*drawn, resolution=16)
        self.assertAllClose(final, self.arrays["images_16x16"], **tolerance)

    def test_dataset(self):
        shown = self.run_script("dataset_tool.py", "verify", DATA)
        self.assertIn("is whole: 64 images at 3 levels", shown)
        dataset = datasets.open_dataset(self.here / DATA)
        self.assertEqual(dataset.digest, self.expected["digest"])
        self.assertEqual(
            run_folder.read_dataset_digest(self.run_dir), dataset.digest
        )
        self.assertEqual(
            json.loads((self.here / DATA / "dataset.json").read_text()),
            dataset.manifest,
        )
        self.assertEqual(dataset.manifest["made_by"], "pgan_tf 0.1.0")
        self.assertAllEqual(dataset.labels, self.arrays["dataset_labels"])
        self.assertAllEqual(
            dataset.read(4, np.arange(64)), self.arrays["dataset_4x4"]
        )

    def test_checkpoint(self):
        nets = networks_of(run_folder.read_config(self.run_dir))
        saved = checkpoints.Checkpoints(self.run_dir / "checkpoints", nets)
        position = saved.restore()
        kept = json.loads(position.to_json())
        for name, value in self.expected["position"].items():
            self.assertEqual(kept[name], value, name)
        found = sums_of_squares(squares(nets))
        self.assertEqual(sorted(found), sorted(self.expected["state"]))
        for name, expected in self.expected["state"].items():
            self.assertAllClose(
                found[name], expected, rtol=1e-6, atol=0, msg=name
            )

    def test_training_goes_on(self):
        before = self.content("config.json", "stats.jsonl", "log.txt", "ckpt*")
        lines = self.run_script("train.py", *TRAINING).splitlines()
        self.assertIn("resuming at 1.1 kimg", lines)
        ticks = [line for line in lines if line.startswith("tick")]
        self.assertLen(ticks, 1, lines)
        self.assertRegex(ticks[0], "^tick 5 .*kimg 1.3 .*lod 1.[23].* 8x8 ")

        after = self.content("config.json", "stats.jsonl", "log.txt")
        self.assertStartsWith(after["log.txt"], before["log.txt"])
        self.assertStartsWith(after["stats.jsonl"], before["stats.jsonl"])
        self.assertLen(after["stats.jsonl"].splitlines(), 5)
        for name, value in json.loads(before["config.json"]).items():
            new = json.loads(after["config.json"])[name]
            if isinstance(value, dict):  # newer versions may have more options
                new = {key: new[key] for key in value}
            self.assertEqual(new, value, name)
        folders = sorted(p.name for p in self.run_dir.glob("checkpoints/*"))
        self.assertEqual(folders, ["ckpt-1056", "ckpt-1280"])

    def test_evaluation_is_found(self):
        before = self.content("metric-*")
        self.assertLen(before, 4)
        shown = self.run_script("evaluate.py", *EVALUATION)
        self.assertRegex(shown, r"1 kimg +176.36 +176.36 +6.3675\n")
        self.assertEqual(self.content("metric-*"), before)

    def test_evaluation_finds_the_same(self):
        before = self.content("metric-*.jsonl")
        self.run_script("evaluate.py", *EVALUATION, "--force")
        after = self.content("metric-*.jsonl")
        self.assertEqual(after.keys(), before.keys())
        for name, old in before.items():
            self.assertStartsWith(after[name], old)
            first, second = map(json.loads, after[name].splitlines())
            # Other kernels of a CPU round some pixels to the next of 256.
            self.assertAllClose(
                second["value"], first["value"], rtol=1e-3, atol=0
            )
            for key in ("metric", "label", "snapshot_sha256", "dataset_digest"):
                self.assertEqual(second[key], first[key])
