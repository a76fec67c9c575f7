"""What an evaluation of a run begins with."""

import pathlib

from pgan_tf.base import devices, errors
from pgan_tf.data.format import datasets
from pgan_tf.evaluation import comparison
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.options import Options
from pgan_tf.evaluation.reals import Collection, Level
from pgan_tf.networks import snapshots
from pgan_tf.networks.family import Generator
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import RunOptions
from pgan_tf.sampling import drawing


class Opened:
    """What an evaluation of a run begins with.

    Args:
        options: What to evaluate and how.
        path: The first snapshot, which tells the resolution.

    Attributes:
        replicas: That do the work.
        level: The reals.
        count: Images on each side if that is said anywhere, else None.
        mirror_augment: Whether half of the reals are flipped, as in training.
        minibatch: Images at a time.
    """

    def __init__(self, options: Options, path: pathlib.Path) -> None:
        self.options = options
        self.replicas = devices.Replicas(devices.make_strategy(options.devices))
        self._run_config = run_folder.read_config(options.run_dir)
        dataset = open_dataset(options, self._run_config)
        resolution = snapshots.load_generator(path).resolution
        count = (
            options.num_images or self._run_config.evaluation.eval_num_images
        )
        check_dataset(dataset, resolution, count)
        self.level = Level(dataset, resolution)
        self.count = count or None
        self.mirror_augment = self._run_config.data.mirror_augment
        default = drawing.default_minibatch(resolution)
        self.minibatch = options.minibatch or default

    def extractor(self) -> Extractor:
        """The extractor that flags or run name."""
        return features_by_name.open_extractor(
            named_extractor(self.options, self._run_config),
            self.options.inception,
            self.level.dataset,
            self.level.resolution,
            self.replicas,
        )

    def compare(
        self, chosen: metrics_by_name.Choice, collection: Collection
    ) -> comparison.Comparison:
        """A setting with these reals."""
        return comparison.Comparison(
            metrics=chosen.metrics,
            extractor=chosen.extractor,
            collection=collection,
            mirror_augment=self.mirror_augment,
            seed=self.options.seed,
            minibatch=self.minibatch,
        )

    def drawer(self, path: pathlib.Path) -> drawing.Drawer:
        """A snapshot, on all devices."""
        with self.replicas.scope():
            generator = snapshots.load_generator(path)
        check_generator(generator, path, self.level)
        return drawing.Drawer(generator, self.replicas)

    def heading(self) -> str:
        """What the table is about, beside reals and extractor."""
        size = self.level.resolution
        mirrored = ", half of the reals mirrored" if self.mirror_augment else ""
        return (
            f"run {self.options.run_dir}: {size}x{size}, seed"
            f" {self.options.seed}{mirrored}"
        )


def named_extractor(options: Options, run_config: RunOptions) -> str:
    """What --features says, or --inception implies, or the run prefers."""
    if options.features:
        return options.features
    if options.inception:
        return features_by_name.INCEPTION
    return run_config.evaluation.eval_features


def open_dataset(options: Options, run_config: RunOptions) -> datasets.Dataset:
    """The dataset of the run or the one given instead."""
    path = options.data_dir or pathlib.Path(run_config.data.data_dir)
    if not path.is_dir():
        raise errors.UserError(
            f"the dataset {path} is not there; say where it is with --data_dir"
        )
    return datasets.open_dataset(path)


def check_dataset(
    dataset: datasets.Dataset, resolution: int, count: int
) -> None:
    """Refuses a dataset of too few pixels or images."""
    if resolution > dataset.resolution:
        raise errors.UserError(
            f"the dataset {dataset.path} has {dataset.resolution} pixels, the"
            f" run {resolution}; give the run's own with --data_dir"
        )
    if count > dataset.num_images:
        raise errors.UserError(
            f"--num_images={count}, or the run's --eval_num_images: the dataset"
            f" {dataset.path} has {dataset.num_images} images, and as many"
            " reals as fakes are compared; give a lower number"
        )


def check_generator(
    generator: Generator,
    path: pathlib.Path,
    level: Level,
) -> None:
    """Refuses a snapshot of another run's kind."""
    dataset, size = level.dataset, level.resolution
    fits = (
        generator.resolution == size
        and generator.num_channels == dataset.num_channels
        and generator.label_size <= dataset.label_size
    )
    if not fits:
        raise errors.UserError(
            f"{path} draws {generator.resolution} pixels of"
            f" {generator.num_channels} channels from"
            f" {generator.label_size} labels, the reals have {size},"
            f" {dataset.num_channels} and {dataset.label_size}; give the"
            " dataset it was trained on with --data_dir"
        )
