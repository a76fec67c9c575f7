"""Classifiers that are trained once, and kept in the cache folder."""

import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import keras

from pgan_tf.base import devices, files
from pgan_tf.networks import keras_files

Facts = Mapping[str, Any]


def load_or_make(
    path: pathlib.Path | None,
    make: Callable[[], tuple[keras.Model, Facts]],
    replicas: devices.Replicas,
) -> tuple[keras.Model, Facts]:
    """A model with what is known of it, from a file or newly made.

    Args:
        path: A .keras file; the facts lie beside it, in one of JSON. None: it
            is kept nowhere.
        make: Trains it.
        replicas: That run it.
    """
    if path is None or (found := load(path, replicas)) is None:
        model, facts = make()
        facts = {**facts, "digest": files.sha256_of_weights(model)}
        if path is not None:
            with files.keeping(path) as partial:
                model.save(partial)
            with files.keeping(path.with_suffix(".json")) as partial:
                partial.write_text(json.dumps(facts))
        with replicas.scope():
            copy = keras.models.clone_model(model)
            copy.set_weights(model.get_weights())
        found = copy, facts
    return found


def load(
    path: pathlib.Path, replicas: devices.Replicas
) -> tuple[keras.Model, Facts] | None:
    """The same, if there are both files; None if missing or torn."""
    facts_path = path.with_suffix(".json")
    if not (path.is_file() and facts_path.is_file()):
        return None
    try:
        facts = json.loads(facts_path.read_text())
        with replicas.scope():
            model = keras_files.load(path)
        if files.sha256_of_weights(model) != facts["digest"]:
            raise ValueError("other weights")
        return model, facts
    except Exception:
        # Keras raises many kinds for a file that is torn.
        files.say_torn(path)
        return None
