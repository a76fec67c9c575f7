"""What a run tells: a line per tick, stats.jsonl, and the time left."""

import json
import os
import pathlib
import sys
from typing import Any

from pgan_tf import config, files, schedule, shapes


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
    the ratio of their multiplications.
    """

    def __init__(
        self, options: config.RunConfig, resolution: int, num_channels: int
    ) -> None:
        self._options = options
        self._resolution = resolution
        self._shape = shapes.Networks(
            options.networks, num_channels, options.data.max_label_size
        )
        self._seconds_per_image: dict[int, float] = {}

    def measured(self, resolution: int, nimg: int, seconds: float) -> None:
        """Takes in the speed of the last tick."""
        self._seconds_per_image[resolution] = seconds / max(nimg, 1)

    def seconds(self, nimg: int) -> float:
        """Seconds from `nimg` images to the end of the training."""
        total = 1000 * schedule.total_kimg(
            self._options.schedule, self._resolution
        )
        left = 0.0
        plan = schedule.phases(self._options.schedule, self._resolution)
        for phase in plan:
            start = max(phase.start_kimg * 1000, nimg)
            end = min(phase.end_kimg * 1000, total)
            if end > start:
                resolution = phase.resolution(self._resolution)
                left += (end - start) * self._speed(resolution)
        return left

    def _speed(self, resolution: int) -> float:
        """Seconds per image at a resolution."""
        known = [r for r in self._seconds_per_image if r <= resolution]
        nearest = max(known, default=min(self._seconds_per_image))
        work, known_work = (
            shapes.iteration_macs(self._shape, r, minibatch=1)
            for r in (resolution, nearest)
        )
        return self._seconds_per_image[nearest] * work / known_work
