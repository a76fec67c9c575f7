"""A run folder with snapshots of untrained networks, and its dataset."""

import json
import pathlib

import keras
import numpy as np

from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import DataOptions, RunOptions
from tests import dataset_files

RESOLUTION = 16
NUM_IMAGES = 40


def pictures(channels: int = 3) -> np.ndarray:
    """uint8 [40,16,16,channels]: noise around grey levels of two kinds."""
    random = np.random.RandomState(0)
    shape = (NUM_IMAGES, RESOLUTION, RESOLUTION, channels)
    noise = random.randint(0, 100, shape)
    noise[::2] += 120
    return noise.astype(np.uint8)


def labels() -> np.ndarray:
    """One-hot [40,2]: dark or bright."""
    return np.tile(np.eye(2, dtype=np.float32)[::-1], [NUM_IMAGES // 2, 1])


def make(
    here: pathlib.Path,
    lods: tuple[float, ...] = (1.0, 0.0),
    channels: int = 3,
    label_size: int = 0,
    **data: object,
) -> pathlib.Path:
    """Writes `here/dataset` and `here/run`, a snapshot per lod.

    Args:
        here: An empty folder.
        lods: Of the snapshots, which are 10 kimg apart.
        channels: 1 or 3.
        label_size: Of the networks.
        **data: Options of the run, such as mirror_augment.

    Returns:
        The run folder.
    """
    dataset_files.save(here / "dataset", pictures(channels), labels())
    run_dir = here / "run"
    run_dir.mkdir()
    options = RunOptions(
        run_dir=str(run_dir),
        data=DataOptions(
            data_dir=str(here / "dataset"), resolution=RESOLUTION, **data
        ),
    )
    run_folder.begin(run_dir, options, "")
    keras.utils.set_random_seed(0)
    for i, lod in enumerate(lods):
        generator = Generator(
            resolution=RESOLUTION,
            num_channels=channels,
            label_size=label_size,
            fmap_base=64,
            fmap_max=8,
            lod=lod,
        )
        path = run_folder.snapshot_path(run_dir, 10_000 * i)
        snapshots.save_generator(generator, path)
    return run_dir


def lines(run_dir: pathlib.Path, metric: str) -> list[dict]:
    """The results that the run folder holds."""
    text = (run_dir / f"metric-{metric}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]
