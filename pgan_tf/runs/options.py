"""Every option of a training run: one tree of frozen dataclasses.

A leaf of the tree is the only definition of its option: name, type, default
and help. Command-line flags and the run folder's `config.json` follow from
it. Options by resolution are maps written as `4:128,8:64`.
"""

import dataclasses
from typing import Any

from pgan_tf.runs.option_tree import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    FloatMap,
    IntMap,
    Range,
    chosen_section,
    option,
)

# The section of each --family; families of networks add their own.
NETWORKS_SECTIONS: dict[str, type] = {}

PRECISIONS = ("float32", "float16", "bfloat16")


@dataclasses.dataclass(frozen=True)
class DataOptions:
    data_dir: str = option(
        "",
        "Dataset made by dataset_tool.py create; black:1024 is one of black "
        "images, without files, for benchmarks.",
        is_path=True,
    )
    resolution: int = option(
        0,
        "Final resolution in pixels; 0: the dataset's own.",
        NOT_NEGATIVE,
    )
    mirror_augment: bool = option(False, "Flip half of the reals, at random.")
    max_label_size: int = option(
        0,
        "Use the first so many labels of the dataset; 0: none, -1: all.",
        Range(-1),
    )


@dataclasses.dataclass(frozen=True)
class LossesOptions:
    loss: str = option(
        "wgan-gp",
        "The loss of D and G. logistic is the non-saturating loss, minimax "
        "the saturating one.",
        choices=("wgan-gp", "wgan-lp", "logistic", "minimax", "lsgan", "hinge"),
    )
    penalty: str = option(
        "auto",
        "Penalty on D's gradient. gp: at mixtures of reals and fakes, for "
        "norms other than --wgan_target; lp: the same for norms above it; r1: "
        "at reals; r2: at fakes. auto: gp for wgan-gp, lp for wgan-lp, r1 for "
        "logistic and minimax, else none.",
        choices=("auto", "gp", "lp", "r1", "r2", "none"),
    )
    wgan_lambda: float = option(
        10.0,
        "Weight of the gradient penalty, gp or lp.",
        NOT_NEGATIVE,
    )
    wgan_epsilon: float = option(
        0.001,
        "Weight of the drift penalty, which the WGAN losses have.",
        NOT_NEGATIVE,
    )
    wgan_target: float = option(
        1.0,
        "Gradient norm that the penalty wants, gp or lp.",
        POSITIVE,
    )
    r1_gamma: float = option(
        10.0, "Weight of the penalties r1 and r2.", NOT_NEGATIVE
    )
    cond_weight: float = option(
        1.0, "Weight of the label (AC-GAN) terms.", NOT_NEGATIVE
    )
    label_loss: str = option(
        "auto",
        "softmax for labels of which one at most applies to an image, sigmoid "
        "where several may; auto: what the dataset's labels are.",
        choices=("auto", "softmax", "sigmoid"),
    )
    noise_stddev: float = option(
        0.0,
        "Standard deviation of noise added to all that D sees, in units of "
        "images in -1..1, at the start of the training.",
        NOT_NEGATIVE,
    )
    noise_kimg: float = option(
        1000.0,
        "That noise falls to 0, linearly, in so many kimg.",
        POSITIVE,
    )
    ortho_weight: float = option(
        0.0,
        "Weight of G's orthogonal regularization (BigGAN's is 1e-4).",
        NOT_NEGATIVE,
    )


@dataclasses.dataclass(frozen=True)
class OptimizerOptions:
    adam_beta1: float = option(0.0, "Decay of Adam's first moment.", FRACTION)
    adam_beta2: float = option(0.99, "Decay of Adam's second moment.", FRACTION)
    adam_epsilon: float = option(1e-8, "Adam's epsilon.", POSITIVE)
    gs_beta: float = option(
        0.999,
        "Decay per step of Gs, the moving average of G; 0: Gs is G.",
        FRACTION,
    )
    gs_half_life_kimg: float = option(
        0.0,
        "In place of --gs_beta, in kimg: after so many reals the weight of an "
        "old G in Gs has halved.",
        NOT_NEGATIVE,
    )
    precision: str = option(
        "float32",
        "Of the layers' arithmetic: float16 scales the losses so that "
        "gradients neither vanish nor overflow, and skips steps that do. "
        "Weights, statistics and losses are float32 always.",
        choices=PRECISIONS,
    )
    loss_scale_log2: float = option(
        64.0, "float16's loss scale at the start, as a power of two."
    )
    loss_scale_growth: float = option(
        0.0005,
        "How much that power grows with each step taken.",
        NOT_NEGATIVE,
    )
    loss_scale_drop: float = option(
        1.0, "How much it falls with each step skipped.", POSITIVE
    )
    xla: bool = option(False, "Compile the steps' arithmetic with XLA.")
    unroll_steps: int = option(
        0,
        "G looks so many steps of D's optimizer ahead: its gradient goes "
        "through them, as if D had answered (Metz et al. 2017). D itself "
        "learns as ever.",
        NOT_NEGATIVE,
    )
    reuse_fakes: bool = option(
        False,
        "Let G learn from the fakes that D has just learned from, in place of "
        "fresh ones: one pass through G less, with other draws.",
    )


@dataclasses.dataclass(frozen=True)
class ScheduleOptions:
    total_kimg: float = option(
        0.0,
        "Length of the training in thousands of real images; 0: full growth, "
        "and four times --lod_training_kimg more.",
        NOT_NEGATIVE,
    )
    lod_initial_resolution: int = option(
        4, "Resolution to start from.", POSITIVE
    )
    lod_training_kimg: float = option(
        600.0,
        "Reals shown at a settled resolution, in kimg.",
        NOT_NEGATIVE,
    )
    lod_transition_kimg: float = option(
        600.0,
        "Reals shown while a resolution fades in, in kimg.",
        NOT_NEGATIVE,
    )
    lod_training_kimg_dict: FloatMap = option(
        {},
        "--lod_training_kimg by resolution, such as 4:54,8:19.",
        NOT_NEGATIVE,
    )
    lod_transition_kimg_dict: FloatMap = option(
        {},
        "--lod_transition_kimg by the resolution that fades in.",
        NOT_NEGATIVE,
    )
    minibatch_base: int = option(
        0,
        "Images per step, over all devices; 0: by resolution, as the "
        "reference's presets v2 have it for so many devices.",
        NOT_NEGATIVE,
    )
    minibatch_dict: IntMap = option(
        {},
        "--minibatch_base by resolution, such as 4:128,32:64.",
        POSITIVE,
    )
    max_minibatch_per_gpu_dict: IntMap = option(
        {},
        "Cap of the minibatch per device, by resolution.",
        POSITIVE,
    )
    g_lrate_base: float = option(
        0.0,
        "Learning rate of G; 0: 0.001, and with --minibatch_base=0 somewhat "
        "more at the largest resolutions, as in the reference's presets v2.",
        NOT_NEGATIVE,
    )
    g_lrate_dict: FloatMap = option(
        {}, "--g_lrate_base by resolution.", POSITIVE
    )
    d_lrate_base: float = option(
        0.0,
        "Learning rate of D; 0: as for G.",
        NOT_NEGATIVE,
    )
    d_lrate_dict: FloatMap = option(
        {}, "--d_lrate_base by resolution.", POSITIVE
    )
    lrate_rampup_kimg: float = option(
        0.0,
        "In the first so many kimg the learning rates rise to their full "
        "value: times exp(-5 (1 - t)^2), t from 0 to 1.",
        NOT_NEGATIVE,
    )
    tick_kimg_base: float = option(
        0.0,
        "Length of a tick in kimg; 0: from 160 at 4x4 down to 10 at 1024x1024.",
        NOT_NEGATIVE,
    )
    tick_kimg_dict: FloatMap = option(
        {}, "--tick_kimg_base by resolution.", POSITIVE
    )
    max_micro_batch_dict: IntMap = option(
        {},
        "Most images that a device takes at once, by resolution. A larger "
        "minibatch goes in several passes, whose gradients are averaged; "
        "results stay the same.",
        POSITIVE,
    )
    d_repeats: int = option(1, "Steps of D for each step of G.", POSITIVE)
    minibatch_repeats: int = option(
        4,
        "Steps of G in a row, before the schedule is looked at again.",
        POSITIVE,
    )
    reset_opt_for_new_lod: bool = option(
        True, "Restart Adam when layers come into or go out of use."
    )


@dataclasses.dataclass(frozen=True)
class SnapshotsOptions:
    image_snapshot_ticks: int = option(
        1,
        "Ticks between picture grids, 0: only the last.",
        NOT_NEGATIVE,
    )
    network_snapshot_ticks: int = option(
        10,
        "Ticks between network snapshots, 0: only the last.",
        NOT_NEGATIVE,
    )
    checkpoint_minutes: float = option(
        10.0,
        "At most so many minutes of work are lost by a kill.",
        NOT_NEGATIVE,
    )
    weight_histograms: bool = option(
        False,
        "Histograms of all weights of G and D for TensorBoard, with each "
        "network snapshot.",
    )
    grid: str = option("", "Columns x rows of the grids, such as 15x8.")


@dataclasses.dataclass(frozen=True)
class GuardOptions:
    guard_max_score: float = option(
        1e4,
        "A training has failed if D's scores, of reals or of fakes, average "
        "more than this, or less than minus this; good ones stay within some "
        "tens. 0: any will do.",
        NOT_NEGATIVE,
    )
    guard_min_variation: float = option(
        0.001,
        "A training has failed if fakes of different latents deviate from each "
        "other by less than this share of what reals do. 0: any will do.",
        FRACTION,
    )
    max_rollbacks: int = option(
        3,
        "A training that has failed, also by numbers that are not finite, goes "
        "back to its last good checkpoint and on with lower learning rates, "
        "so many times at most; then it stops.",
        NOT_NEGATIVE,
    )
    rollback_lrate_factor: float = option(
        0.5,
        "Multiplies the learning rates at each of these.",
        Range(0, 1, low_itself=False),
    )


@dataclasses.dataclass(frozen=True)
class EvaluationOptions:
    eval_features: str = option(
        "inception",
        "What evaluate.py looks at by default: inception, labels, random, a "
        ".keras file or the folder of a SavedModel.",
        is_path=True,
    )
    eval_num_images: int = option(
        0,
        "How many reals and fakes evaluate.py takes by default; 0: as many "
        "as the metric is defined for.",
        NOT_NEGATIVE,
    )


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """One training run."""

    run_dir: str = option(
        "", "Folder for everything the run writes.", is_path=True
    )
    seed: int = option(
        1000,
        "Seed of all random numbers: weights, latents, order of images.",
        Range(0, 2**32),
    )
    devices: str = option(
        "",
        "Devices to train on, such as GPU:0,GPU:1; empty: all visible GPUs, "
        "or the CPU if there are none.",
    )
    deterministic: bool = option(
        False,
        "Same bits each time, also over restarts. Slower: on a CPU each "
        "operation then has one thread.",
    )
    init_from: str = option(
        "",
        "Start with the weights of this snapshot (.keras, which has Gs alone, "
        "or another program's file, see docs/networks.md), also of another "
        "final resolution or dataset. The schedule starts anew; "
        "--lod_initial_resolution skips what was grown. Without effect once "
        "the run has begun.",
        is_path=True,
    )
    family: str = option(
        "progressive", "Which networks: the paper's, which grow, or others."
    )
    data: DataOptions = DataOptions()
    networks: Any = chosen_section("family", NETWORKS_SECTIONS)
    losses: LossesOptions = LossesOptions()
    optimizer: OptimizerOptions = OptimizerOptions()
    schedule: ScheduleOptions = ScheduleOptions()
    snapshots: SnapshotsOptions = SnapshotsOptions()
    guard: GuardOptions = GuardOptions()
    evaluation: EvaluationOptions = EvaluationOptions()
