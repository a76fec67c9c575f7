"""Whether it was memory that ran out, whichever library says so."""

import errno
import re

_SAID = re.compile(
    r"cannot allocate memory|out of memory|out_of_memory|bad_alloc|"
    r"OOM when allocating|failed to allocate|failed to map segment|"
    r"can't start new thread",
    re.IGNORECASE,
)
_FULL_DISK = "no space left"


def is_one(error: BaseException) -> bool:
    """Whether an exception says that there is no memory left."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == errno.ENOMEM
    if is_full_disk(error):
        return False
    # TensorFlow's, which must not be imported for this.
    names = {kind.__name__ for kind in type(error).__mro__}
    if "ResourceExhaustedError" in names:
        return True
    kinds = (ImportError, OSError, RuntimeError, SystemError)
    return (isinstance(error, kinds) or "OpError" in names) and _SAID.search(
        str(error)
    ) is not None


def is_full_disk(error: BaseException) -> bool:
    """Whether an exception says that there is no room left on a disk."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _FULL_DISK in str(error).lower()
