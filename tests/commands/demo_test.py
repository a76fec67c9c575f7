"""The demo as the README has it: minutes, so only by `make test-slow`."""

import pytest

from tests import common, processes, small_run


@pytest.mark.slow
class DemoTest(common.TestCase):
    def test_three_commands(self):
        here = self.folder()
        data, run_dir = here / "faces32", here / "demo"
        for command in (
            "dataset_tool.py create --source=faces --resolution=32"
            f" --out_dir={data}",
            f"train.py --flagfile=configs/demo.cfg --data_dir={data}"
            f" --run_dir={run_dir}",
            f"evaluate.py --run_dir={run_dir} --metrics=fid,swd",
        ):
            processes.succeed(*command.split(), timeout=3600)
        # Reals against reals have 4, the first settled 4x4 about 200.
        result = small_run.lines(run_dir, "swd")[-1]
        self.assertLess(result["value"], 35)
        self.assertStartsWith(
            small_run.lines(run_dir, "fid")[-1]["label"], "FD[labels:"
        )
        self.assertTrue((run_dir / "report.html").exists())
