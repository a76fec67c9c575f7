"""The real script: run folders of any name, and two trainings of one."""

import os
import pathlib
import signal

import pytest

from tests import common, processes
from tests.training import trainer_test

SMALL = [
    "--fmap_base=32",
    "--fmap_max=8",
    "--grid=4x3",
    *(f"--{name}={value}" for name, value in trainer_test.SCHEDULE.items()),
]


class RunFoldersTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")
        self.data = f"--data_dir={self.here / 'set'}"

    def content(self, folder: pathlib.Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and ".lock-" not in path.name
        }

    def test_the_second_training_is_told_and_touches_nothing(self) -> None:
        command = [self.data, f"--run_dir={self.here / 'run'}", *SMALL]
        first = processes.start(self, "train.py", *command, "--total_kimg=900")
        while not first.stdout.readline().startswith("tick 1 "):
            self.assertIsNone(first.poll())
        first.send_signal(signal.SIGSTOP)  # So that it changes nothing itself.
        before = self.content(self.here / "run")
        second = processes.run("train.py", *command, "--total_kimg=900")
        self.assertEqual(second.returncode, 1)
        self.assertLen(second.stderr.splitlines(), 1, second.stderr)
        for part in (f"--run_dir={self.here / 'run'}", f"{first.pid} on host"):
            self.assertIn(part, second.stderr)
        self.assertEqual(second.stdout, "")
        self.assertEqual(self.content(self.here / "run"), before)
        # A killed one is no obstacle, and nothing of it stays.
        first.kill()
        first.wait()
        third = processes.run("train.py", *command)
        self.assertEqual(third.returncode, 0, third.stderr)
        self.assertIn("resuming at", third.stdout)
        left = [path.name for path in (self.here / "run").rglob("*")]
        for name in left:
            self.assertNotStartsWith(name, "partial-")
            self.assertNotStartsWith(name, ".lock-")

    @pytest.mark.slow
    def test_a_folder_of_any_name_below_home(self) -> None:
        home = self.here / "home"
        home.mkdir()
        name = "lr=[1e-3]*?\\ '\"\n" + os.fsdecode(b"caf\xe9 12:30")
        where, expected = f"~/{name}", home / name
        command = [self.data, f"--run_dir={where}", *SMALL]
        env = {"HOME": home, "XDG_CACHE_HOME": self.here / "cache"}
        first = processes.run(
            "train.py", *command, "--total_kimg=0.128", env=env
        )
        self.assertEqual(first.returncode, 0, first.stderr)
        again = processes.run("train.py", *command, env=env)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("resuming at 0.1 kimg", again.stdout)
        found = set(os.listdir(expected))
        self.assertContainsSubset(
            {
                "config.json",
                "report.html",
                "tensorboard",
                "fakes000000.128.png",
            },
            found,
        )
        self.assertNotEmpty(os.listdir(pathlib.Path(expected, "tensorboard")))
        shown = processes.run(
            *("evaluate.py", f"--run_dir={where}", "--metrics=fid"),
            *("--features=random", "--num_images=21"),
            env=env,
        )
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertContainsSubset(
            {"metric-fid.jsonl"}, set(os.listdir(expected))
        )
