"""Evaluates the snapshots of a run, at once or while it goes on."""

import pathlib
import time
from collections.abc import Callable

from pgan_tf import results, session
from pgan_tf.base import errors
from pgan_tf.metrics import registry
from pgan_tf.runs import folder as run_folder

WATCH_SECONDS = 10.0


def evaluate(options: session.Options) -> results.Report:
    """Computes the metrics and appends them to the run folder's files.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    run_folder.read_config(options.run_dir)  # refuses other folders
    registry.parse(options.metrics)  # refuses typing errors at once
    paths = run_folder.select_snapshots(options.run_dir, options.snapshot)
    opened = session.Session(options, paths[0])
    opened.add_reals()
    for path in paths:
        opened.add_snapshot(path)
    return opened.report()


def watch(
    options: session.Options, say: Callable[[str], None]
) -> results.Report:
    """Evaluates snapshots as they appear, until the run ends or Ctrl-C.

    Args:
        options: A `snapshot` of "all" begins with the first one there is,
            "latest" with the last.
        say: Receives a line for each.

    Raises:
        UserError: As `evaluate`; if `options.snapshot` is one single file.
    """
    run_folder.read_config(options.run_dir)
    registry.parse(options.metrics)  # refuses typing errors at once
    if options.snapshot not in ("all", "latest"):
        raise errors.UserError(
            f"--watch takes --snapshot=all or latest, not {options.snapshot}"
        )
    opened: session.Session | None = None
    seen: set[pathlib.Path] = set()
    try:
        while True:
            # Asked first: what a run leaves when it ends is then there.
            finished = run_folder.is_finished(options.run_dir)
            new = run_folder.list_snapshots(options.run_dir)
            if options.snapshot == "latest" and not seen:
                seen.update(new[:-1])
            for path in [path for path in new if path not in seen]:
                if opened is None:
                    opened = session.Session(options, path)
                    opened.add_reals()
                say(results.sentence(opened.add_snapshot(path)))
                seen.add(path)
            if finished:
                break
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        say("stopped watching")
    if opened is None:
        raise errors.UserError(f"{options.run_dir} has no snapshots yet")
    return opened.report()
