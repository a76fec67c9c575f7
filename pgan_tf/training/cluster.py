"""Which processes train together, from the environment."""

import dataclasses
import json
import os
from collections.abc import Mapping

from pgan_tf.base import errors

_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes of a training, the first of which is the chief.

    Attributes:
        workers: Their addresses; none for a training of one process.
        index: Which of them this one is.
    """

    workers: tuple[str, ...] = ()
    index: int = 0


def from_environment(environment: Mapping[str, str] = os.environ) -> Cluster:
    """Reads `TF_CONFIG`, as TensorFlow's multi-worker strategies know it.

    Raises:
        UserError: If it is there, and does not say what it must.
    """
    text = environment.get("TF_CONFIG", "").strip()
    if not text:
        return Cluster()
    try:
        given = json.loads(text)
        tasks = {job: list(hosts) for job, hosts in given["cluster"].items()}
        job, index = given["task"]["type"], int(given["task"]["index"])
        here = tasks[job][index] if index >= 0 else None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        here = None
    if here is None:
        raise errors.UserError(
            f"TF_CONFIG={text} does not say who trains, such as {_EXAMPLE}"
        )
    if others := sorted(set(tasks) - {"chief", "worker"}):
        raise errors.UserError(
            f"TF_CONFIG has {', '.join(others)} in its cluster: only workers, "
            "and a chief, train here"
        )
    workers = (*tasks.get("chief", ()), *tasks.get("worker", ()))
    if job == "worker":
        index += len(tasks.get("chief", ()))
    if len(workers) == 1:
        return Cluster()
    return Cluster(workers, index)
