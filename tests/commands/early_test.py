"""What needs no TensorFlow is refused where there is none: all four scripts."""

import json

import numpy as np
from PIL import Image

from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import DataOptions, RunOptions
from tests import common, processes
from tests.training import trainer_test

# Runs scripts one after the other, and prints what each says.
RUN = """
import importlib, io, json, os, sys
sys.modules["tensorflow"] = None  # Its import fails.
sys.modules["keras"] = None
MODULES = {
    "train": "train", "evaluate": "evaluate",
    "dataset_tool": "dataset.verbs", "generate": "generate.verbs",
}
_, given, results = sys.argv
found = []
for script, *flags in json.load(open(given)):
    config = [each[10:] for each in flags if each.startswith("TF_CONFIG=")]
    os.environ["TF_CONFIG"] = config[0] if config else ""
    flags = [each for each in flags if not each.startswith("TF_CONFIG=")]
    sys.argv = [script + ".py", *flags]
    errors, sys.stderr = sys.stderr, io.StringIO()
    try:
        importlib.import_module("pgan_tf.commands." + MODULES[script]).run()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        code = repr(error)
    said, sys.stderr = sys.stderr.getvalue(), errors
    found.append([code, said])
json.dump(found, open(results, "w"))
"""


class EarlyTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")
        self.data = f"--data_dir={self.here / 'set'}"
        self.run_dir = f"--run_dir={self.here / 'new'}"

    def test_exit_codes(self):
        """2 for a command line that cannot mean anything, else 1."""
        out = f"--out_dir={self.here / 'out'}"
        cases = [
            (["train", "--colour=red"], 2),
            (["train", "--seed=x"], 2),
            (["train", self.data], 2),
            (["train", self.run_dir], 2),
            (["train", self.data, self.run_dir, "--resolution=64"], 1),
            (["train", self.run_dir, "--data_dir=nowhere"], 1),
            (["evaluate"], 2),
            (["evaluate", "--run_dir=nowhere"], 1),
            (["evaluate", f"--reals={self.here}"], 2),
            (["dataset_tool"], 2),
            (["dataset_tool", "destroy"], 2),
            (["dataset_tool", "create", "--source=images", out], 2),
            (["dataset_tool", "info", "nowhere"], 1),
            (["generate", "images"], 2),
            (["generate", "images", "--network=no.keras", "--out=x"], 1),
        ]
        for (case, expected), (code, said) in zip(
            cases, self.run_all([case for case, _ in cases]), strict=True
        ):
            self.assertEqual(code, expected, f"{case}: {said}")

    def run_all(self, cases: list[list[str]]) -> list[tuple[int, str]]:
        """Exit code and error of each, where TensorFlow cannot be had."""
        given, found = self.here / "given.json", self.here / "found.json"
        given.write_text(json.dumps([[str(x) for x in c] for c in cases]))
        processes.succeed("-c", RUN, given, found)
        return json.loads(found.read_text())

    def check(self, cases: list[tuple[list[str], str]]) -> None:
        """Compares what is said with (script and flags, part of the line)."""
        for (case, line), (code, said) in zip(
            cases, self.run_all([case for case, _ in cases]), strict=True
        ):
            self.assertIn(code, (1, 2), f"{case}: {said}")
            self.assertLen(said.splitlines(), 1, said)
            self.assertStartsWith(said, f"{case[0]}.py: error: ")
            self.assertIn(line, said)

    def begun(self, **data: object) -> str:
        """--run_dir of a run that has begun."""
        run_dir = self.here / "begun"
        run_dir.mkdir()
        options = RunOptions(
            run_dir=str(run_dir),
            data=DataOptions(
                data_dir=str(self.here / "set"), resolution=8, **data
            ),
            networks=ProgressiveOptions(latent_size=512),
        )
        run_folder.begin(run_dir, options, "digest of another dataset")
        return f"--run_dir={run_dir}"

    def test_training(self):
        foreign = self.here / "foreign"
        foreign.mkdir()
        (foreign / "letter.txt").touch()
        file = self.here / "file"
        file.touch()
        hosts = {"worker": ["127.0.0.1:1111", "127.0.0.1:2222"]}
        task = {"type": "worker", "index": 0}
        cluster = "TF_CONFIG=" + json.dumps({"cluster": hosts, "task": task})
        where = ["train", self.data, self.run_dir]
        begun = self.begun()
        self.check(
            [
                ([*where, flag], line)
                for flag, line in (
                    ("--devices=GPU", "GPU is no device such as GPU:0"),
                    ("--devices=gpu:0", "gpu:0 is no device such as GPU:0"),
                    ("--devices=CPU:0,TPU:1", "TPU:1 is no device such"),
                    ("--devices=CPU:0,CPU:0", "names a device twice"),
                    ("--devices=CPU:0,CPU:1 ", "CPU:1  is no device"),
                    ("--minibatch_base=0.5", "--minibatch_base=0.5"),
                    ("--minibatch_dict=4:6", "does not split into groups"),
                    ("--minibatch_dict=5:8", "--minibatch_dict"),
                    ("--max_micro_batch_dict=4:3", "does not|do not split"),
                    ("--resolution=64", "has levels of 4 to 8"),
                    ("--resolution=2", "--resolution=2"),
                    ("--lod_initial_resolution=6", "not a power of two"),
                    ("--max_label_size=9", "has 3 labels"),
                    ("--total_kimg=-1", "--total_kimg=-1"),
                    ("--total_kimg=nan", "--total_kimg=nan"),
                    ("--g_lrate_dict=4:x", "--g_lrate_dict"),
                    ("--grid=0x3", "--grid=0x3"),
                    ("--family=none", "--family=none"),
                    ("--init_from=none.keras", "no such snapshot"),
                    (f"--init_from={foreign}", "no snapshots in this folder"),
                    ("--data_dir=nowhere", "no such dataset folder: nowhere"),
                    (f"--data_dir={foreign}", "no dataset in folder"),
                    ("--data_dir=black:12", "not a power of two"),
                    (f"--run_dir={foreign}", "is not a run"),
                    (f"--run_dir={file}", "is not a run|is a file"),
                    (begun, "is not the dataset that the run in"),
                    ("--reuse_fakes --d_repeats=2", "--reuse_fakes"),
                    ("TF_CONFIG={", "does not say who trains"),
                    (f"{cluster[:-1]}, 7", "does not say who trains"),
                )
                if " --" not in flag and "|" not in line
            ]
            + [
                (
                    [*where, "--reuse_fakes", "--d_repeats=2"],
                    "--reuse_fakes does not go with --d_repeats",
                ),
                (
                    [*where, "--devices=CPU:0,CPU:1", "--minibatch_base=1"],
                    "fewer images than the 2 devices",
                ),
                (
                    [*where, "--minibatch_base=1", cluster, "--devices=CPU:0"],
                    "fewer images than the 2 devices",
                ),
                ([*where, "--probe", cluster], "give it without TF_CONFIG"),
                (["train", self.run_dir], "--data_dir is missing"),
                (["train", self.data], "--run_dir is missing"),
                (["train", "--plan"], "--plan needs --resolution"),
                (
                    ["train", "--plan", "--resolution=8", "--devices=GPU"],
                    "GPU is no device such as GPU:0",
                ),
                (
                    ["train", "--plan", "--resolution=8", "--minibatch_base=6"],
                    "does not split into groups",
                ),
            ]
        )
        self.assertFalse((self.here / "new").exists())

    def test_other_scripts(self):
        text = self.here / "text"
        text.write_text("no picture, and no numbers")
        network = self.here / "network.keras"
        network.touch()
        picture = self.here / "picture.png"
        Image.fromarray(np.zeros([8, 8, 3], np.uint8)).save(picture)
        draw = ["generate", "images", f"--network={network}"]
        out = f"--out={self.here / 'out'}"
        find = ["generate", "project", f"--network={network}", "--video=none"]
        self.check(
            [
                (["evaluate"], "--run_dir is missing"),
                (
                    ["evaluate", "--run_dir=x", "--devices=cpu"],
                    "cpu is no device such as GPU:0",
                ),
                (["evaluate", self.begun()], "has no snapshots yet"),
                ([*draw, "--out=a.jpg"], "--out=a.jpg: name a .png file"),
                (
                    [*draw, out, "--seeds=0-9", "--grid=3x3"],
                    "--grid=3x3 has no room for 10 pictures; give such as 3x4",
                ),
                ([*draw, out, f"--latents={text}"], f"--latents={text}"),
                ([*draw, out, "--latents=none.npy"], "--latents=none.npy"),
                ([*find, out, f"--target={text}"], str(text)),
                ([*find, out, "--target=none.png"], "--target=none.png"),
                (["generate", "explore", "--network=no", out], "no: no such"),
                (["generate", "explore", "--network=no"], "or else --serve"),
                (
                    [
                        "generate",
                        "training_video",
                        "--run_dir=no",
                        "--out=a.gif",
                    ],
                    "not a run folder",
                ),
                (["dataset_tool", "info", "no"], "no such dataset folder: no"),
                (["dataset_tool", "verify", "no"], "no such dataset folder"),
                (
                    [
                        "dataset_tool",
                        "create",
                        "--source=images",
                        "--out_dir=a",
                    ],
                    "--source_dir",
                ),
            ]
        )
