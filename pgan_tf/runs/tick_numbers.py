"""What each number of a tick is: for TensorBoard and for the run's page."""

from typing import NamedTuple


class TickNumber(NamedTuple):
    """A number that a training reports with every tick.

    Attributes:
        tag: Its group and name in TensorBoard: the reference's, where it has
            one, so that runs of both can be seen side by side.
        told: What it is, in a sentence or two.
    """

    tag: str
    told: str


BY_NAME = {
    "tick": TickNumber("Progress/tick", "How often the run has reported."),
    "kimg": TickNumber("Progress/kimg", "Thousands of reals shown so far."),
    "lod": TickNumber(
        "Progress/lod",
        "Level of detail: 0 is the final resolution, 1 is half of it; a "
        "fraction means that a resolution fades in.",
    ),
    "resolution": TickNumber(
        "Progress/resolution", "Width of the images in training, in pixels."
    ),
    "minibatch": TickNumber(
        "Progress/minibatch", "Images in a step, over all devices."
    ),
    "seconds": TickNumber(
        "Timing/total_sec", "Seconds of training so far, over all restarts."
    ),
    "sec_per_tick": TickNumber(
        "Timing/sec_per_tick", "Seconds that the tick has taken."
    ),
    "sec_per_kimg": TickNumber(
        "Timing/sec_per_kimg", "Seconds for a thousand images."
    ),
    "images_per_sec": TickNumber(
        "Timing/images_per_sec", "Images in a second: the speed of the tick."
    ),
    "data_sec": TickNumber(
        "Timing/data_sec",
        "Seconds of the tick in which the training waited for images.",
    ),
    "setup_sec": TickNumber(
        "Timing/setup_sec",
        "Seconds of the tick that went into compiling steps and their first "
        "calls. Speeds leave them out.",
    ),
    "maintenance_sec": TickNumber(
        "Timing/maintenance_sec",
        "Seconds ahead of the tick, for pictures, snapshots and checkpoints.",
    ),
    "peak_memory_mb": TickNumber(
        "Resources/peak_memory_mb",
        "The highest use of memory so far, in MiB: of a GPU, or of the "
        "process where there is none.",
    ),
    "G_loss": TickNumber(
        "Loss/G", "What G lowers. It is no measure of quality."
    ),
    "D_loss": TickNumber(
        "Loss/D",
        "What D lowers, penalties included. It is no measure of quality.",
    ),
    "D_real_scores": TickNumber(
        "Loss/real_scores", "What D says of reals, on average."
    ),
    "D_fake_scores": TickNumber(
        "Loss/fake_scores", "What D says of fakes, on average."
    ),
    "D_mixed_norms": TickNumber(
        "Loss/mixed_norms",
        "Norm of D's gradient by the images that its penalty looks at. With "
        "WGAN-GP these are between reals and fakes, and the norm should be "
        "near --wgan_target.",
    ),
    "D_gradient_penalty": TickNumber(
        "Loss/gradient_penalty",
        "How far the norm of D's gradient is from what is wanted, squared, "
        "ahead of its weight in the loss.",
    ),
    "D_drift_penalty": TickNumber(
        "Loss/epsilon_penalty",
        "Mean square of D's scores of reals, ahead of its weight in the loss, "
        "which keeps scores from drifting away.",
    ),
    "D_label_penalty": TickNumber(
        "Loss/D_label_penalty",
        "Cross-entropy of the labels that D tells of reals and of fakes, "
        "ahead of its weight in D's loss.",
    ),
    "G_label_penalty": TickNumber(
        "Loss/G_label_penalty",
        "Cross-entropy of the labels that D tells of fakes, ahead of its "
        "weight in G's loss.",
    ),
    "G_ortho_penalty": TickNumber(
        "Loss/G_ortho_penalty",
        "How far G's kernels are from orthogonal, ahead of its weight in G's "
        "loss.",
    ),
    "G_lrate": TickNumber("TrainG/learning_rate", "Learning rate of G."),
    "D_lrate": TickNumber("TrainD/learning_rate", "Learning rate of D."),
    "G_skipped_steps": TickNumber(
        "TrainG/overflow_frequency",
        "Share of G's steps that were skipped, as float16 had overflowed.",
    ),
    "D_skipped_steps": TickNumber(
        "TrainD/overflow_frequency",
        "Share of D's steps that were skipped, as float16 had overflowed.",
    ),
}


def of(name: str) -> TickNumber:
    """What a number is; one that is not known is shown under its own name."""
    return BY_NAME.get(name, TickNumber(f"Other/{name}", ""))
