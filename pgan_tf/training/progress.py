"""What a run tells: a line per tick, stats.jsonl, and the time left."""

import collections
import json
import os
import pathlib
import sys
from typing import Any

from pgan_tf.base import files
from pgan_tf.networks import cost
from pgan_tf.networks.progressive import cost as progressive_cost
from pgan_tf.runs import schedule
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import plan


class Log:
    """Prints lines to the terminal and keeps them in log.txt.

    Args:
        run_dir: The run folder; its files are appended to. None: prints only.
    """

    def __init__(self, run_dir: pathlib.Path | None) -> None:
        # Where nothing is kept, the system's sink takes it.
        sink = pathlib.Path(os.devnull)
        self._text = (run_dir / "log.txt" if run_dir else sink).open("a")
        self._stats = run_dir / "stats.jsonl" if run_dir else None

    def line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        self._text.write(text + "\n")
        self._text.flush()

    def stats(self, values: dict[str, Any]) -> None:
        """Appends one JSON line to stats.jsonl."""
        if self._stats is None:
            return
        with self._stats.open("a") as file:
            file.write(json.dumps(values) + "\n")

    def forget_stats_after(self, nimg: int) -> None:
        """Drops lines of stats.jsonl that a resumed run will write again.

        A line that a kill has torn is among them.
        """
        if self._stats is None or not self._stats.exists():
            return
        ticks = files.read_json_lines(self._stats)
        kept = [json.dumps(tick) for tick in ticks if tick["nimg"] <= nimg]
        with files.partial(self._stats) as partial:
            partial.write_text("".join(line + "\n" for line in kept))

    def close(self) -> None:
        self._text.close()


class TimeLeft:
    """Estimates the time left, knowing that later resolutions are slower.

    The speed of a resolution not yet seen is that of the last one seen, by
    the ratio of their multiplications and of the shares of a machine's peak
    that `plan` expects.
    """

    def __init__(
        self, options: RunOptions, resolution: int, num_channels: int
    ) -> None:
        self._options = options
        self._resolution = resolution
        self._shape = progressive_cost.ProgressiveCost(
            options.networks, num_channels, options.data.max_label_size
        )
        self._seconds_per_image: dict[int, float] = {}

    def measured(self, start: int, end: int, seconds: float) -> None:
        """Takes in how long the images from one number to another took.

        Where these were of several resolutions, each was as much faster or
        slower than expected as all were.
        """
        expected = {r: self._expected(r) for r in self._images(start, end)}
        ratio = seconds / self._sum(start, end)
        for resolution, speed in expected.items():
            self._seconds_per_image[resolution] = speed * ratio

    def seconds(self, nimg: int) -> float:
        """Seconds from `nimg` images to the end of the training."""
        total = schedule.total_kimg(self._options.schedule, self._resolution)
        return self._sum(nimg, 1000 * total)

    def _sum(self, start: float, end: float) -> float:
        """Seconds that the images from one number to another will take."""
        images = self._images(start, end)
        return sum(n * self._expected(r) for r, n in images.items())

    def _images(self, start: float, end: float) -> dict[int, float]:
        """How many of the images are of which resolution."""
        images: dict[int, float] = collections.defaultdict(float)
        phases = schedule.phases(self._options.schedule, self._resolution)
        for phase in phases:
            first = max(phase.start_kimg * 1000, start)
            last = min(phase.end_kimg * 1000, end)
            if last > first:
                images[phase.resolution(self._resolution)] += last - first
        return images

    def _expected(self, resolution: int) -> float:
        """Seconds per image at a resolution; in any unit, if none is known."""
        known, cost = self._seconds_per_image, self._cost(resolution)
        if not known:
            return cost
        nearest = max((r for r in known if r <= resolution), default=min(known))
        return known[nearest] * cost / self._cost(nearest)

    def _cost(self, resolution: int) -> float:
        """Of an image, as far as the multiplications tell."""
        macs = cost.iteration_macs(self._shape, resolution, minibatch=1)
        return macs / plan.share_of_peak(resolution)
