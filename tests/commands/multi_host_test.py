"""Two processes train as one, lose one of them, and go on."""

import json
import pathlib
import re
import signal
import socket
import subprocess

import numpy as np
import pytest
import tensorflow as tf

from tests import common, processes
from tests.commands import train_test
from tests.training import trainer_test


def free_ports() -> list[int]:
    """Two that nobody listens at."""
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def variables(run_dir: pathlib.Path) -> dict[str, np.ndarray]:
    """Every number in the last checkpoint."""
    folders = (run_dir / "checkpoints").glob("ckpt-*")
    last = max(folders, key=lambda path: int(path.name.split("-")[1]))
    reader = tf.train.load_checkpoint(str(last / "state"))
    values = {
        n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()
    }
    return {n: v for n, v in values.items() if isinstance(v, np.ndarray)}


class MultiHostTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")
        self.ports = free_ports()

    def start(
        self, run: str, index: int | None, *flags: str
    ) -> subprocess.Popen[str]:
        """A worker, or a process of its own."""
        environment = {}
        if index is not None:
            hosts = [f"127.0.0.1:{port}" for port in self.ports]
            tasks = {
                "cluster": {"worker": hosts},
                "task": {"type": "worker", "index": index},
            }
            environment["TF_CONFIG"] = json.dumps(tasks)
        where = [f"--data_dir={self.here / 'set'}"]
        where.append(f"--run_dir={self.here / run}")
        command = ["train.py", *where, *train_test.SMALL, *flags]
        return processes.start(
            self, *command, env=environment, stderr=subprocess.PIPE
        )

    def pair(self, *flags: str) -> list[subprocess.Popen[str]]:
        flags = ("--devices=CPU:0", "--checkpoint_minutes=0", *flags)
        return [self.start("two", index, *flags) for index in (0, 1)]

    def wait_for(self, process: subprocess.Popen[str], text: str) -> None:
        lines = iter(process.stdout)
        self.assertTrue(any(text in line for line in lines), text)

    def end(self, process: subprocess.Popen[str], code: int = 0) -> str:
        """What a process still prints, errors included."""
        out, error = process.communicate(timeout=300)
        self.assertEqual(process.returncode, code, error)
        self.assertLen(error.splitlines(), code)
        return out + error

    @pytest.mark.slow
    def test_one_is_killed_then_both_are_started_again(self):
        whole = self.start("one", None, "--devices=CPU:0,CPU:1")
        self.end(whole)
        for lost in (1, 0):
            workers = self.pair()
            # Ahead of a phase that is compiled for seconds.
            self.wait_for(workers[1 - lost], "  8x8 " if lost else "resuming")
            workers[lost].kill()
            said = self.end(workers[1 - lost], code=1)
            self.assertIn("train.py: error: lost a worker of TF_CONFIG", said)

        said = [self.end(worker) for worker in self.pair()]
        digests = {re.search("weights +([0-9a-f]{16}),", s)[1] for s in said}
        self.assertLen(digests, 1)
        for text in said:
            self.assertIn("resuming at", text)
        self.check_same_as_one()

    def check_same_as_one(self):
        one, two = variables(self.here / "one"), variables(self.here / "two")
        self.assertGreater(len(one), 80)
        self.assertEqual(set(one), set(two))
        for name, value in one.items():
            self.assertAllClose(two[name], value, rtol=0, atol=1e-5, msg=name)

    @pytest.mark.slow
    def test_both_stop_when_one_is_asked_to(self):
        workers = self.pair("--total_kimg=100")
        self.wait_for(workers[0], "  8x8 ")
        workers[1].send_signal(signal.SIGTERM)
        said = [self.end(worker) for worker in workers]
        places = {re.search("stopped at ([0-9.]+) kimg", s)[1] for s in said}
        self.assertLen(places, 1)

    @pytest.mark.slow
    def test_other_flags_are_refused_by_both(self):
        workers = [self.start("two", i, f"--seed={i}") for i in (0, 1)]
        for worker in workers:
            said = self.end(worker, code=1)
            self.assertIn(
                "worker 1 of TF_CONFIG has not the chief's flags", said
            )
        self.assertFalse((self.here / "two" / "config.json").exists())
