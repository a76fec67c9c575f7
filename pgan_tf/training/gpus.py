"""What common GPUs are expected to reach; nothing of it is measured.

Each is taken to reach the same share of its float32 peak as the V100 of the
reference, whose training of `celebahq-v2-1gpu` took two weeks. docs/times.md
has what follows.
"""

import pathlib
import re

from pgan_tf.training import speed

REFERENCE = "V100"
_REFERENCE_GMAC_PER_SEC = 3300.0
# 10^12 operations/s in float32, as their makers state them.
TERAFLOPS = {
    "T4": 8.1,
    "RTX 3060": 12.7,
    "RTX 2080 Ti": 13.4,
    "V100": 15.7,
    "A100": 19.5,
    "RTX 3090": 35.6,
    "H100": 66.9,
    "RTX 4090": 82.6,
}
DRIVER = pathlib.Path("/proc/driver/nvidia/gpus")


def peak(name: str) -> float:
    """GMAC/s of a GPU of the table, in hundreds."""
    found = _REFERENCE_GMAC_PER_SEC * TERAFLOPS[name] / TERAFLOPS[REFERENCE]
    return round(found, -2)


def machine(model: str, count: int = 1) -> speed.Machine | None:
    """So many GPUs of a model, such as "Tesla V100-SXM2-16GB".

    None: nothing is known of it.
    """
    for name in TERAFLOPS:
        if re.search(rf"\b{name}\b", model):
            many = f"{count} x {name}" if count > 1 else name
            return speed.Machine(count * peak(name), name=many)
    return None


def others(one: speed.Machine) -> list[speed.Machine]:
    """As many of each other GPU of the table; none if it is no GPU of it."""
    count, _, name = one.name.rpartition(" x ")
    if name not in TERAFLOPS:
        return []
    found = [machine(each, int(count or 1)) for each in TERAFLOPS]
    return [each for each in found if each and each.name != one.name]


def models() -> list[str]:
    """Those that the driver of this machine tells of."""
    found = []
    for path in sorted(DRIVER.glob("*/information")):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        found += re.findall(r"(?m)^Model:\s*(.+?)\s*$", text)
    return found
