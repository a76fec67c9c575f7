"""The real script: help, errors, a run, Ctrl-C, SIGTERM, two devices."""

import re
import signal
import subprocess

from absl.testing import parameterized

from tests import common, processes
from tests.training import trainer_test

SMALL = [
    "--fmap_base=32",
    "--fmap_max=8",
    "--grid=4x3",
    *(f"--{name}={value}" for name, value in trainer_test.SCHEDULE.items()),
]


# Is told to stop where the steps of 8x8 are compiled.
ASKED_TO_STOP = """
import signal
from pgan_tf.commands import train
from pgan_tf.training import trainer

class Run(trainer.Run):
    def compile(self, stage):
        if stage.resolution == 8:
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("went on")
        return super().compile(stage)

trainer.Run = Run
train.run()
"""


def train(*arguments: str) -> subprocess.CompletedProcess[str]:
    return processes.run("train.py", *arguments)


class ScriptTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")
        self.where = [
            f"--data_dir={self.here / 'set'}",
            f"--run_dir={self.here / 'run'}",
        ]

    def test_help_has_every_option(self):
        shown = train("--help")
        self.assertIn("--flagfile=demo", shown.stdout)
        self.assertIn("--lod_training_kimg", shown.stdout)
        self.assertIn("Adam's epsilon", shown.stdout)

    def test_a_plan_needs_no_dataset_and_leaves_nothing(self):
        where = [f"--data_dir={self.here / 'none'}", self.where[1]]
        shown = train(*where, *SMALL, "--plan", "--resolution=8")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        lines = shown.stdout.splitlines()
        self.assertStartsWith(lines[1], "4x4 ")
        self.assertStartsWith(lines[2], "8x8 ")
        self.assertIn("total ", shown.stdout)
        self.assertFalse((self.here / "run").exists())

        shown = train(*where, "--plan")
        self.assertEqual(shown.returncode, 2)
        self.assertIn("--plan needs --resolution", shown.stderr)

    def test_a_probe_measures_every_stage(self):
        shown = train("--data_dir=black:8", *SMALL, "--plan", "--probe")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        lines = shown.stdout.splitlines()
        self.assertStartsWith(lines[0], "probe 4x4 settled: ")
        self.assertStartsWith(lines[1], "probe 8x8 fading in: ")
        self.assertStartsWith(lines[2], "probe 8x8 settled: ")
        self.assertNotIn("modelled", shown.stdout)

    @parameterized.parameters(
        ("--colour=red", "unknown flag --colour"),
        ("--fmap_base=big", "--fmap_base=big: must be a whole number"),
        ("--flagfile=none.cfg", "none.cfg"),
        ("--devices=GPU:7", "--devices=GPU:7: no GPU:7 here"),
        ("--devices=CPU:0,CPU:0", "names a device twice"),
        ("--minibatch_base=6", "does not split into groups"),
        ("--data_dir=nowhere", "no such dataset folder: nowhere"),
        ("--resolution=64", "--resolution=64"),
        ("--init_from=none.keras", "--init_from=none.keras: no such snapshot"),
        ("--total_kimq=3", "did you mean --total_kimg?"),
        ("surplus", "unexpected argument 'surplus'"),
    )
    def test_bad_input_is_one_line(self, argument, message):
        shown = train(*self.where, argument)
        self.assertEqual(shown.returncode, 2 if "--help" in shown.stderr else 1)
        self.assertLen(shown.stderr.splitlines(), 1, shown.stderr)
        self.assertStartsWith(shown.stderr, "train.py: error: ")
        self.assertIn(message, shown.stderr)
        self.assertFalse((self.here / "run" / "config.json").exists())

    def test_a_failed_start_is_no_obstacle(self):
        for mistake in ("--devices=GPU:7", "--minibatch_base=6"):
            self.assertEqual(train(*self.where, *SMALL, mistake).returncode, 1)
        shown = train(*self.where, *SMALL, "--total_kimg=0.016")
        self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_the_terminal_shows_our_lines_only(self):
        shown = train(*self.where, *SMALL, "--total_kimg=0.064")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(shown.stderr, "")
        lines = shown.stdout.splitlines()
        facts = {line.split()[0]: line for line in lines[:8]}
        names = "device precision dataset networks versions length page"
        self.assertContainsSubset(names.split(), set(facts))
        self.assertIn("3 labels used", facts["dataset"])
        # "code" is there in a checkout alone.
        lines = lines[8 if "code" in facts else 7 :]
        self.assertLen(lines, 9)
        self.assertRegex(lines[1], "4x4 .*8 .*0.001")
        self.assertIn("3 labels, which are not used: --max_label", lines[3])
        self.assertRegex(
            lines[4], "tick 1 .*kimg 0.1 .*lod 1.00 .*sec/tick .*4x4 .*left 0s"
        )
        words = [line.split()[0] for line in lines[5:]]
        self.assertEqual(
            words, ["pictures", "report", "tensorboard", "evaluate"]
        )

    def test_no_graph_optimization_fails(self):
        """Fusing bias and activation once did, under the penalty."""
        stages = ("--lod_training_kimg=0.016", "--lod_transition_kimg=0.016")
        shown = train(*self.where, *SMALL, *stages, "--total_kimg=0.064")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        log = (self.here / "run" / "tensorflow.log").read_text()
        self.assertNotEmpty(log)
        self.assertNotIn("remapper failed", log)

    def test_ctrl_c_saves_and_the_same_command_continues(self):
        command = ["train.py", *self.where, *SMALL, "--total_kimg=100"]
        process = processes.start(self, *command)
        for line in process.stdout:
            if "8x8" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertIn("the same command continues", rest)
        nimg = int(float(rest.split("stopped at ")[1].split()[0]) * 1000)
        shown = train(*self.where, *SMALL, f"--total_kimg={nimg / 1000 + 0.2}")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("resuming at", shown.stdout)
        self.assertLess(
            nimg - 100, trainer_test.stats(self.where[1][10:])[-1]["nimg"]
        )

    def test_sigterm_saves_and_ends(self):
        command = ["train.py", *self.where, *SMALL, "--total_kimg=100"]
        process = processes.start(self, *command)
        for line in process.stdout:
            if line.startswith("tick") and " 8x8 " in line:
                break
        process.terminate()
        rest, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0)
        self.check_saved(rest)

    def test_sigterm_while_steps_are_compiled(self):
        """Which takes long: nobody waits for it, and nothing is lost."""
        shown = processes.run("-c", ASKED_TO_STOP, *self.where, *SMALL)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        # All of 4x4, which at 64 images has a call ahead; none of 8x8.
        self.assertIn(self.check_saved(shown.stdout), (64, 80))

    def check_saved(self, said: str) -> int:
        """Images shown, as the script says and as the checkpoint has it."""
        kimg = re.search(r"stopped at ([\d.]+) kimg; the same", said)[1]
        folders = (self.here / "run" / "checkpoints").iterdir()
        nimg = max(int(path.name.removeprefix("ckpt-")) for path in folders)
        self.assertAllClose(nimg / 1000, float(kimg), rtol=0, atol=0.051)
        return nimg

    def test_two_replicas_train_as_one(self):
        """With stddev groups of one, which do not depend on the split."""
        ticks = {}
        for devices in ("CPU:0", "CPU:0,CPU:1"):
            run_dir = self.here / devices.replace(",", "+")
            shown = train(
                self.where[0],
                f"--run_dir={run_dir}",
                f"--devices={devices}",
                "--mbstd_group_size=1",
                *SMALL,
            )
            self.assertEqual(shown.returncode, 0, shown.stderr)
            ticks[devices] = trainer_test.stats(run_dir)
        for one, two in zip(*ticks.values(), strict=True):
            for key in ("nimg", "lod", "D_loss", "G_loss", "D_mixed_norms"):
                self.assertAllClose(one[key], two[key], rtol=2e-3, atol=2e-3)
