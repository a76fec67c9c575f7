"""Times left, durations, and the log files."""

import json

from pgan_tf.training import reports
from tests import common


class LogTest(common.TestCase):
    def test_lines_are_appended(self):
        folder = self.folder()
        for i in (1, 2):
            log = reports.Log(folder)
            log.line(f"line {i}")
            log.stats({"nimg": i})
            log.close()
        self.assertEqual((folder / "log.txt").read_text(), "line 1\nline 2\n")
        stats = (folder / "stats.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x)["nimg"] for x in stats], [1, 2])

    def test_forget_stats_after(self):
        folder = self.folder()
        log = reports.Log(folder)
        self.addCleanup(log.close)
        log.forget_stats_after(10)
        lines = [json.dumps({"nimg": nimg}) for nimg in (8, 16, 24)]
        # The last line is torn, as a kill may leave it.
        (folder / "stats.jsonl").write_text("\n".join(lines)[:-3])
        log.forget_stats_after(16)
        stats = (folder / "stats.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x)["nimg"] for x in stats], [8, 16])
