"""Checks a run before any work, without importing TensorFlow."""

import dataclasses
import pathlib

from pgan_tf.base import errors, resolutions
from pgan_tf.data import values
from pgan_tf.data.format import datasets
from pgan_tf.networks import families
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import grid_layout, option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule

# What may change between two starts of the same run.
_FREE = frozenset(
    # Which dataset it is says its digest, wherever it lies.
    "run_dir data_dir init_from devices deterministic xla max_micro_batch_dict "
    "total_kimg image_snapshot_ticks weight_histograms "
    "network_snapshot_ticks checkpoint_minutes eval_features "
    "eval_num_images guard_max_score guard_min_variation max_rollbacks "
    "rollback_lrate_factor".split()
)


def check(options: RunOptions) -> RunOptions:
    """Validates the options against the dataset and the run folder.

    Returns:
        The options with what was left open filled in: the resolution, the
        latent size and the number of labels.

    Raises:
        UserError: For the first thing that is wrong.
    """
    if not options.data.data_dir:
        raise errors.UsageError(
            "--data_dir is missing: give the folder of a dataset made by "
            "dataset_tool.py create"
        )
    if not options.run_dir:
        raise errors.UsageError(
            "--run_dir is missing: give a folder for what the run writes"
        )
    option_tree.check_ranges(options)
    dataset = datasets.open_dataset(options.data.data_dir)
    options = _fill_in(options, dataset)
    _check_values(options)
    _check_run_folder(options, dataset)
    return options


def check_plan(options: RunOptions) -> tuple[RunOptions, int]:
    """Validates what a plan needs; the dataset need not be there yet.

    Returns:
        The options with what was left open filled in, and the number of
        colour channels: 3 for a dataset not yet made.

    Raises:
        UserError: For the first thing that is wrong.
    """
    option_tree.check_ranges(options)
    data = options.data
    if _is_there(data.data_dir):
        dataset = datasets.open_dataset(data.data_dir)
        options = _fill_in(options, dataset)
        num_channels = dataset.num_channels
    elif data.resolution:
        options = _fill_in_without_dataset(options)
        num_channels = 3
    else:
        raise errors.UsageError(
            "--plan needs --resolution, since there is no dataset at "
            f"--data_dir={data.data_dir}"
        )
    _check_values(options)
    return options, num_channels


def _is_there(data_dir: str) -> bool:
    is_black = data_dir.startswith("black:")
    return is_black or bool(data_dir) and pathlib.Path(data_dir).is_dir()


def _fill_in_without_dataset(options: RunOptions) -> RunOptions:
    """Fills in as for a dataset that has what was asked for."""
    data = options.data
    _check_power_of_two(data.resolution)
    labels = max(data.max_label_size, 0)
    return _fill_sizes(options, data.resolution, labels)


def _fill_in(options: RunOptions, dataset: datasets.Dataset) -> RunOptions:
    data = options.data
    resolution = data.resolution or dataset.resolution
    if resolution > dataset.resolution or resolution < 4:
        raise errors.UserError(
            f"--resolution={resolution}: the dataset {data.data_dir} has "
            f"levels of 4 to {dataset.resolution}"
        )
    _check_power_of_two(resolution)
    wanted = data.max_label_size
    label_size = dataset.label_size if wanted < 0 else wanted
    if label_size > dataset.label_size:
        raise errors.UserError(
            f"--max_label_size={wanted}: the dataset {data.data_dir} has "
            f"{dataset.label_size} labels"
        )
    values.refuse_values(
        dataset.kind_of_first(label_size),
        f"--max_label_size={wanted}: the dataset {data.data_dir}",
        "--max_label_size=0 trains without",
    )
    return _fill_sizes(options, resolution, label_size)


def _fill_sizes(
    options: RunOptions, resolution: int, label_size: int
) -> RunOptions:
    family = families.by_name(options.family)
    schedule = options.schedule
    if label_size and not family.takes_labels:
        raise errors.UserError(
            f"--max_label_size: the networks of --family={family.name} take no "
            "labels: leave it out"
        )
    if not family.grows(options.networks):
        schedule = dataclasses.replace(
            schedule, lod_initial_resolution=resolution
        )
    return dataclasses.replace(
        options,
        data=dataclasses.replace(
            options.data, resolution=resolution, max_label_size=label_size
        ),
        networks=family.fill_in(options.networks, resolution),
        schedule=schedule,
    )


def _check_power_of_two(resolution: int) -> None:
    if not resolutions.is_one(resolution):
        raise errors.UserError(
            f"--resolution={resolution} is not a power of two from 4"
        )


def _check_values(options: RunOptions) -> None:
    initial = options.schedule.lod_initial_resolution
    if not resolutions.is_one(initial):
        raise errors.UserError(
            f"--lod_initial_resolution={initial} is not a power of two from 4"
        )
    if options.optimizer.reuse_fakes:
        _check_reuse_fakes(options)
    if options.optimizer.unroll_steps:
        _check_unrolling(options)
    grid_layout.grid_size(options)


def _check_reuse_fakes(options: RunOptions) -> None:
    """Refuses what would come between D's step and G's."""
    given = [
        flag
        for flag, is_given in (
            ("--xla", options.optimizer.xla),
            ("--d_repeats", options.schedule.d_repeats > 1),
            ("--max_micro_batch_dict", options.schedule.max_micro_batch_dict),
        )
        if is_given
    ]
    if given:
        raise errors.UserError(
            f"--reuse_fakes does not go with {' and '.join(given)}: leave out "
            "one or the other"
        )


def _check_unrolling(options: RunOptions) -> None:
    """Refuses what the steps of D that G looks ahead do not have."""
    given = [
        flag
        for flag, is_given in (
            ("--reuse_fakes", options.optimizer.reuse_fakes),
            ("--precision=float16", options.optimizer.precision == "float16"),
            ("--max_micro_batch_dict", options.schedule.max_micro_batch_dict),
        )
        if is_given
    ]
    if given:
        raise errors.UserError(
            f"--unroll_steps does not go with {' and '.join(given)}: leave out "
            "one or the other"
        )


def check_minibatches(schedule: Schedule, group_size: int | None) -> None:
    """Checks that every minibatch splits over devices and into groups.

    Args:
        schedule: Of the run, on as many devices as it will have.
        group_size: Images whose statistics D mixes, as `Discriminator` of
            `networks.family` has it.

    Raises:
        UserError: If one does not.
    """
    num_replicas = schedule.num_replicas
    for stage in schedule.stages():
        share = stage.minibatch // num_replicas
        if not share:
            raise errors.UserError(
                f"--minibatch_base or --minibatch_dict gives {stage.resolution}"
                f"x{stage.resolution} fewer images than the {num_replicas} "
                "devices"
            )
        if group_size is None and stage.passes > 1:
            raise errors.UserError(
                "--max_micro_batch_dict: these networks take statistics of a "
                "whole minibatch, which cannot go in passes: leave it out"
            )
        group = min(group_size or 1, share)
        if share % group:
            raise errors.UserError(
                f"a minibatch of {share} per device at {stage.resolution}x"
                f"{stage.resolution} does not split into groups of "
                f"--mbstd_group_size={group_size}"
            )
        if share // stage.passes % group:
            raise errors.UserError(
                f"--max_micro_batch_dict makes passes of "
                f"{share // stage.passes} images at {stage.resolution}x"
                f"{stage.resolution}, which do not split into groups of "
                f"--mbstd_group_size={group_size}: allow a multiple of it"
            )


def _check_run_folder(options: RunOptions, dataset: datasets.Dataset) -> None:
    """A run folder that exists must be of this very run."""
    run_dir = pathlib.Path(options.run_dir)
    if not run_dir.exists():
        return
    if not run_folder.is_begun(run_dir):
        if not run_dir.is_dir() or run_folder.is_foreign(run_dir):
            raise errors.UserError(
                f"--run_dir={run_dir} exists and is not a run: give another"
            )
        return
    begun = run_folder.read_config(run_dir)
    given = options
    if _same_schedule(begun, given):
        given = dataclasses.replace(given, schedule=begun.schedule)
    changes = [
        line
        for line in option_tree.differences(begun, given)
        if line.partition(":")[0] not in _FREE
    ]
    if changes:
        raise errors.UserError(
            f"--run_dir={run_dir} holds a run of another configuration "
            f"({'; '.join(changes)}): give another folder, or the same flags"
        )
    if run_folder.read_dataset_digest(run_dir) != dataset.digest:
        raise errors.UserError(
            f"--data_dir={options.data.data_dir} is not the dataset that the "
            f"run in --run_dir={run_dir} began with: give another folder"
        )


def _same_schedule(one: RunOptions, other: RunOptions) -> bool:
    """Whether schedules say the same, perhaps in other flags."""
    first, second = (
        dataclasses.replace(
            Schedule.of_run(options).options,
            total_kimg=0.0,
            max_micro_batch_dict={},
        )
        for options in (one, other)
    )
    return first == second
