"""`.keras` files, looked at before Keras makes what they describe.

Such a file is a zip archive of a description and an HDF5 file of weights. It
may come from strangers: of it nothing runs, and it takes no more memory than
it is worth. Keras' own safe mode refuses code, but makes networks of any size
out of a few bytes, and has classes that read other files.
"""

import concurrent.futures
import dataclasses
import io
import json
import os
import pathlib
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import keras

from pgan_tf.base import boundary, errors, memory, text

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
# Parsed JSON takes so many times its bytes.
_JSON_RATIO = 40
# Weights of floats hardly shrink in any compression.
_MOST_SHRUNK = 2
# In which modules classes may lie; those of layers must be in `_LAYERS`.
_MODULES = frozenset(
    "keras keras.models keras.initializers keras.regularizers"
    " keras.constraints keras.activations keras.optimizers"
    " keras.optimizers.schedules keras.losses keras.metrics"
    " keras.src.models.functional keras.src.models.sequential"
    " keras.src.ops.core keras.src.ops.einops keras.src.ops.image"
    " keras.src.ops.linalg keras.src.ops.math keras.src.ops.nn"
    " keras.src.ops.numpy builtins".split()
)
_OF_KERAS = frozenset(
    "Model Sequential Functional DTypePolicy FloatDTypePolicy function".split()
)
# Values in descriptions; beside these there are functions in bytecode.
_VALUES = frozenset(
    "__tensor__ __keras_tensor__ __numpy__ __slice__ __tuple__ __ellipsis__"
    " __complex__ __bytes__ __typespec__".split()
)
_LAYERS = frozenset(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D
    AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention
    AlphaDropout Attention Average AveragePooling1D AveragePooling2D
    AveragePooling3D BatchNormalization Bidirectional CenterCrop Concatenate
    Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D Dense
    DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU
    EinsumDense Embedding Flatten GRU GRUCell GaussianDropout GaussianNoise
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GroupNormalization GroupQueryAttention Identity InputLayer LSTM LSTMCell
    LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum Minimum MultiHeadAttention Multiply Normalization
    PReLU Permute RMSNormalization RNN RandomBrightness RandomContrast
    RandomCrop RandomFlip RandomGrayscale RandomRotation RandomTranslation
    RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D
    SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D
    SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells
    Subtract TimeDistributed UnitNormalization UpSampling1D UpSampling2D
    UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split()
)


@dataclasses.dataclass(frozen=True)
class Contents:
    """What is in a file.

    Attributes:
        config: The description of the model.
        weight_bytes: Of all its weights together.
    """

    config: dict[str, Any]
    weight_bytes: int


def look_into(path: pathlib.Path, what: str = "Keras model") -> Contents:
    """Reads the description and the sizes of the weights.

    Args:
        path: The file.
        what: It should be, for the message.

    Raises:
        UserError: If it is none, or unpacks to more than `--max_memory`
            or than its weights explain.
    """
    where = os.fspath(path)
    with boundary.reading(where, what), zipfile.ZipFile(path) as archive:
        packed = _check_members(archive, path.stat().st_size, where)
        size = archive.getinfo(_CONFIG).file_size
        memory.require(_JSON_RATIO * size, f"{where}: {_CONFIG}")
        config = json.loads(archive.read(_CONFIG))
        if not isinstance(config, dict):
            raise ValueError(f"{_CONFIG} is no object")
        data = archive.read(_WEIGHTS)
        weight_bytes = _weight_bytes(data, where)
        if weight_bytes > _MOST_SHRUNK * packed:
            raise errors.UserError(
                f"{where}: {text.size(weight_bytes)} of weights in"
                f" {text.size(packed)} of a file: refused, as no network's"
                " weights shrink so"
            )
        return Contents(config, weight_bytes)


def _check_members(archive: zipfile.ZipFile, size: int, where: str) -> int:
    """Bytes that the weights take in the file, once all sizes are credible."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise ValueError("it has two members of one name")
    for name in names:
        # Layers with files of their own are not among those allowed.
        if name.startswith("assets/") or name.endswith(".npz"):
            raise ValueError(f"{name} is nothing that is read here")
    total = 0
    for member in archive.infolist():
        # What it says of itself is believed as far as there is a file.
        packed = min(member.compress_size, size)
        memory.require_unpacked(
            packed, member.file_size, f"{where}: {member.filename}"
        )
        total += member.file_size
    memory.require(total, where)
    return min(archive.getinfo(_WEIGHTS).compress_size, size)


def _weight_bytes(data: bytes, where: str) -> int:
    """The bytes of all arrays of an HDF5 file; it may hold nothing else."""
    total = 0
    with h5py.File(io.BytesIO(data), "r") as file:
        groups: list[h5py.Group] = [file]
        seen: set[Any] = set()
        while groups:
            group = groups.pop()
            if group.id in seen:
                continue
            seen.add(group.id)
            for name in group:
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    raise ValueError(f"{name} is a link")
                found = group[name]
                if isinstance(found, h5py.Group):
                    groups.append(found)
                    continue
                if not isinstance(found, h5py.Dataset) or found.shape is None:
                    raise ValueError(f"{name} is no array")
                if found.external or found.is_virtual:
                    raise ValueError(f"{name} lies in other files")
                total += int(found.size) * found.dtype.itemsize
                memory.require(total, f"{where}: {name}")
    return total


def skeleton(make: Callable[[], Any]) -> Any:
    """A model that knows the shapes of its variables, which take no memory.

    Keras remembers, for each thread, what variables still want their values,
    and gives them these at the next occasion. So it is made in a thread that
    ends.

    Args:
        make: Makes the model.
    """

    def run() -> Any:
        with keras.StatelessScope(initialize_variables=False):
            return make()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def check_size(model: Any, contents: Contents, where: str) -> None:
    """Refuses a model that is larger than its weights in the file.

    Args:
        model: See `skeleton`.
        contents: Of the file.
        where: For the message.

    Raises:
        UserError: If it would take memory for nothing, or more than there
            may be.
    """
    if 4 * model.count_params() > _MOST_SHRUNK * contents.weight_bytes + 1024:
        raise errors.UserError(f"{where}: a network without all its weights")
    # The file's bytes, and the variables.
    memory.require(2 * contents.weight_bytes, where)


def check_classes(contents: Contents, where: str) -> None:
    """Refuses a description of objects that are not known to compute alone.

    Args:
        contents: Of the file.
        where: For the message.

    Raises:
        UserError: Names them.
    """
    strange = ", ".join(sorted(set(_strange(contents.config))))
    if strange:
        raise errors.UserError(
            f"{text.one_line(where)}: refused, since it holds what is not known"
            f" to compute alone: {text.one_line(strange, 200)}"
        )


def load(path: pathlib.Path, what: str = "Keras model") -> keras.Model:
    """A model of those layers of Keras that compute, or of registered ones.

    Raises:
        UserError: If it is none, holds anything else, or is larger than its
            weights.
    """
    contents = look_into(path, what)
    where = os.fspath(path)
    check_classes(contents, where)
    with boundary.reading(where, what):
        # Without variables, and with no optimizers, which would make some.
        config = _without(contents.config, "compile_config")
        made = skeleton(
            lambda: keras.saving.deserialize_keras_object(
                config, safe_mode=True
            )
        )
        check_size(made, contents, where)
        return keras.saving.load_model(path, compile=False, safe_mode=True)


def _without(value: Any, key: str) -> Any:
    """A copy of nested lists and objects that has a key nowhere."""
    if isinstance(value, dict):
        return {k: _without(v, key) for k, v in value.items() if k != key}
    if isinstance(value, list):
        return [_without(each, key) for each in value]
    return value


def _strange(config: Any) -> Iterator[str]:
    """The classes in a description that may not be made."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value and not _is_known(value):
                module, name = value.get("module"), value["class_name"]
                yield f"{module}.{name}" if module else f"{name}"
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _is_known(described: dict[str, Any]) -> bool:
    """Whether an object may be made: of Keras', or of the program's own."""
    name, module = described["class_name"], described.get("module")
    registered = described.get("registered_name")
    if not isinstance(name, str) or not isinstance(module, str | None):
        return False
    if name in _VALUES:
        return True
    if isinstance(registered, str) and ">" in registered:
        return keras.saving.get_registered_object(registered) is not None
    if module == "keras.layers":
        return name in _LAYERS
    if module == "keras":
        return name in _OF_KERAS
    return module in _MODULES
