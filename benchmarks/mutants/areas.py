"""All mistakes, by the area of the code that they are made in."""

from benchmarks.mutants import (
    commands,
    data,
    evaluation,
    interop,
    metrics,
    networks,
    training,
    training_steps,
)
from benchmarks.mutants.mutant import Mutant

AREAS: dict[str, tuple[Mutant, ...]] = {
    "training": training.MUTANTS + training_steps.MUTANTS,
    "networks": networks.MUTANTS,
    "data": data.MUTANTS,
    "metrics": metrics.MUTANTS,
    "evaluation": evaluation.MUTANTS,
    "interop": interop.MUTANTS,
    "commands": commands.MUTANTS,
}
