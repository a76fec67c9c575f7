"""JSON that every reader takes."""

import json
import math
from typing import Any


def dumps(value: Any, indent: int | None = None) -> str:
    """JSON text, in which numbers that are not finite are null.

    JSON has no NaN and no infinity; many readers refuse a whole file for one.
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
