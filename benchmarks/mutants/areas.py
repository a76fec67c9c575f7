"""All mistakes, by the area of the code that they are made in."""

from benchmarks.mutants import (
    commands,
    data,
    data_sources,
    evaluation,
    foreign,
    interop,
    metrics,
    networks,
    training,
    training_losses,
    training_plans,
    training_state,
    training_steps,
)
from benchmarks.mutants.mutant import Mutant

AREAS: dict[str, tuple[Mutant, ...]] = {
    "training": (
        *training.MUTANTS,
        *training_losses.MUTANTS,
        *training_plans.MUTANTS,
        *training_state.MUTANTS,
        *training_steps.MUTANTS,
    ),
    "networks": networks.MUTANTS,
    "data": (*data.MUTANTS, *data_sources.MUTANTS),
    "metrics": metrics.MUTANTS,
    "evaluation": evaluation.MUTANTS,
    "interop": (*interop.MUTANTS, *foreign.MUTANTS),
    "commands": commands.MUTANTS,
}
