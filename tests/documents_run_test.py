"""Every command and Python snippet of the documents, in an empty folder.

In the order of a reader, and what one writes is there for the next. What
would be downloaded is drawn, and what would take hours is made short by flags
behind those of the document: names of files, folders, flags and flagfiles are
those that stand there. Many minutes, so only by `make test-slow`.
"""

import contextlib
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

from pgan_tf.commands import train
from tests import common, documents, processes
from tests.data.sources import downloads

# One step at the first resolution, of networks that are small.
SHORT_TRAINING = ("--total_kimg=0.001", "--minibatch_repeats=1")
SMALL_NETWORKS = ("--fmap_base=512", "--fmap_max=8")
SHORT = {
    "create": ("--num_images=24", "--workers=1"),
    "explore": ("--attributes=1", "--directions=1", "--seeds=0"),
    "interpolate": ("--duration=2", "--fps=4"),
    "project": ("--steps=2", "--restarts=1"),
    "training_video": ("--duration=1", "--fps=2"),
}
SHORT_EVALUATION = ("--num_images=12",)
SHORT_BENCHMARK = (
    "--rounds=1",
    "--minibatch=4",
    "--fmap_base=64",
    "--fmap_max=8",
    "--resolutions=8",
)
# Not run here, and why.
NOT_RUN = {
    "--tfds_download": "fetches a set: tfds_download_network_test.py",
    "--network=hub:": "fetches a network: pytorch/published_test.py",
    "--probe": "tests/training/probe_test.py; minutes of full networks",
}
# They install, clone or serve; `make` is only asked what it would do.
OTHER_PROGRAMS = (
    "cd", "export", "git", "grep", "pip", "python3", "source", "tensorboard",
)  # fmt: skip


def shortened(command: documents.Command) -> list[str]:
    """Its words, and the flags that make it short."""
    words = list(command.words)
    if command.script == "train.py" and "plan" not in command.flags:
        args = train.parse(words[1:])
        words += SHORT_TRAINING
        if args.family == "progressive":
            # The latents that readers would have.
            size = args.latent_size or min(args.fmap_base, args.fmap_max)
            words += [*SMALL_NETWORKS, f"--latent_size={size}"]
    elif command.script == "evaluate.py":
        # fid50k is of exactly 50,000 images.
        words = [re.sub(r"([a-z])\d+k\b", r"\1", word) for word in words]
        words += SHORT_EVALUATION
        words.append("--inception=inception.pb")
    elif command.script == "-m":
        words += SHORT_BENCHMARK
    else:
        words += SHORT.get(words[1], ())
    return words


@pytest.mark.slow
class DocumentsRunTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        # A checkout, without what it holds from elsewhere.
        for path in documents.ROOT.iterdir():
            if path.name not in ("datasets", "runs", "build", "dist"):
                (self.here / path.name).symlink_to(path)
        home = self.folder()
        self.environment = {
            "HOME": home,
            "XDG_CACHE_HOME": home / "cache",
            "PYTHONPATH": documents.ROOT,
            "CUDA_VISIBLE_DEVICES": "",
        }

    def test_every_command(self):
        downloads.write(self.here)
        done, failures = set(), []
        with contextlib.chdir(documents.ROOT):
            commands = documents.all_commands()
        for command in commands:
            if command.words in done or self.is_not_run(command):
                continue
            done.add(command.words)
            if told := self.run_one(command):
                failures.append(f"{command}\n{told}")
            print(command, told or "fine", flush=True)
        for path in documents.pages():
            if path.name != "README.md" and (told := self.run_python(path)):
                failures.append(f"Python of {path.name}\n{told}")
        self.assertGreater(len(done), 100)
        self.assertEqual(failures, [], "\n\n".join(failures))

    def is_not_run(self, command: documents.Command) -> bool:
        if command.script in OTHER_PROGRAMS:
            return True
        return any(w.startswith(tuple(NOT_RUN)) for w in command.words)

    def run_one(self, command: documents.Command) -> str:
        """What it says if it fails."""
        if command.script == "make":
            line = ["make", "--dry-run", *command.words[1:]]
            found = subprocess.run(line, cwd=self.here, capture_output=True)
            return found.stderr.decode() if found.returncode else ""
        self.make_way_for(command)
        words = shortened(command)
        found = processes.run(
            *words, cwd=self.here, env=self.environment, timeout=1200
        )
        told = f"{found.stdout[-500:]}{found.stderr[-1500:]}"
        return told if found.returncode else ""

    def make_way_for(self, command: documents.Command) -> None:
        """What readers have before they come to this command."""
        flags = command.flags
        if command.words[1:2] == ("create",):
            # Documents show several ways to one dataset.
            shutil.rmtree(self.here / flags["out_dir"], ignore_errors=True)
        if command.words[1:2] == ("compare",):
            first, second = (self.here / word for word in command.words[2:4])
            if not second.exists():
                shutil.copytree(first, second)
        if (kimg := flags.get("snapshot", "")).isdigit():
            # The run of the document was longer.
            run_dir = self.here / flags["run_dir"]
            latest = sorted(run_dir.glob("network-snapshot-*.keras"))[-1]
            named = run_dir / f"network-snapshot-{int(kimg):06d}.keras"
            shutil.copy(latest, named)
        if path := flags.get("latents"):
            if not (self.here / path).exists():
                size = self.latent_size(flags["network"])
                np.save(self.here / path, downloads.latents(size))

    def latent_size(self, network: str) -> int:
        config = (self.here / network / "config.json").read_text()
        return int(re.findall(r'"latent_size": (\d+)', config)[0])

    def run_python(self, path: pathlib.Path) -> str:
        """What a page's snippets say, one after the other, if they fail."""
        text = "\n".join(each for _, each in documents.blocks(path, "python"))
        found = processes.run(
            "-c", text, cwd=self.here, env=self.environment, timeout=1200
        )
        return found.stderr[-1500:] if found.returncode else ""

    def test_python_of_the_readme(self):
        """As it stands, with its ten thousand faces and 10 kimg."""
        told = self.run_python(documents.ROOT / "README.md")
        self.assertEqual(told, "")
