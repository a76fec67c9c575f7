"""What labels are: one rule for all who make, show, learn or judge them.

* onehot: one class out of K, a single 1 among zeros;
* multihot: attributes that do not exclude each other, each 0 to 1;
* values: any numbers, which no classes are.
"""

import numpy as np

ONEHOT, MULTIHOT, VALUES = "onehot", "multihot", "values"


def of(labels: np.ndarray) -> str:
    """The kind of labels [N,K], K from 1, if nothing else tells it."""
    if not np.all((labels >= 0) & (labels <= 1)):
        return VALUES
    ones = np.count_nonzero(labels == 1, axis=1)
    others = np.count_nonzero(labels, axis=1) - ones
    is_onehot = labels.shape[1] > 1 and np.all((ones == 1) & (others == 0))
    return ONEHOT if is_onehot else MULTIHOT


def of_first(kind: str, size: int) -> str:
    """The kind of the first `size` columns of labels of a kind.

    Rows of zeros may be among those of one class out of K then. A single
    column excludes no other: it is an attribute.
    """
    return MULTIHOT if kind == ONEHOT and size == 1 else kind
