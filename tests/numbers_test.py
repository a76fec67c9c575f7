"""Numbers that stand in several documents are the same in all of them.

Each has one place: a document, or the code that computes or limits it.
"""

import re

from absl.testing import parameterized

from benchmarks import table4
from pgan_tf.base import memory
from pgan_tf.commands import train
from pgan_tf.commands.dataset import create
from pgan_tf.runs import flags as run_flags
from pgan_tf.training import gpus, plan, rendezvous, speed
from tests import common, documents

RESULTS = "docs/results.md"
METRICS = "docs/metrics.md"
# Where a number stands, and where it is repeated: a document and what is
# around the number, which is rounded there as it may be.
REPEATED = {
    "G beside NVIDIA's": (
        ("docs/networks.md", r"those of NVIDIA's own code to (\S+) of"),
        ("README.md", r"G within (\S+), scores"),
        ("README.md", r"of their networks: (\S+) \|"),
    ),
    "FID beside others": (
        (METRICS, r"the PGGAN release \| (\S+) \(1e-13"),
        ("README.md", r"clean-fid and others: (\S+) \|"),
    ),
    "SWD beside NVIDIA's": (
        (METRICS, r"from the same draws \| (\S+) relative"),
        ("README.md", r"NVIDIA's code: (\S+) relative"),
    ),
    "MS-SSIM beside NVIDIA's": (
        (METRICS, r"the PGGAN release \| (\S+) per pair"),
        ("README.md", r"relative, (\S+) per pair"),
    ),
    "minutes of CelebA at 64x64": (
        (RESULTS, r"Time: (\d+) minutes of training"),
        ("README.md", r"CelebA and (\d+) minutes"),
        ("configs/README.md", r"`celeba64-cpu` .* (\d+) minutes, measured"),
    ),
    "its SWD after 4x4": (
        (RESULTS, r"\| 60 \|.*\*\*(\S+)\*\* \|"),
        ("README.md", r"fell from (\S+) after"),
    ),
    "its SWD at the end": (
        (RESULTS, r"\| 234 \|.*\*\*(\S+)\*\* \|"),
        ("README.md", r"to \*\*(\S+)\*\* at the end"),
    ),
    "SWD of two sets of real faces at 64x64": (
        (RESULTS, r"other reals \|.*\*\*(3\S+)\*\* \|"),
        ("README.md", r"at the end; two sets of real faces\s+have (\S+)\.\s"),
    ),
    "minutes of CelebA at 32x32": (
        (RESULTS, r"\| (\d+):23, the end"),
        (RESULTS, r"draws after (\d+) minutes"),
        ("README.md", r"\*\* after (\d+) minutes"),
        ("README.md", r"32x32 after (\d+) minutes"),
        ("configs/README.md", r"`celeba32-cpu` .* (\d+) minutes, measured"),
    ),
    "its SWD": (
        (RESULTS, r", the end \|.*\*\*(\S+)\*\* \|"),
        ("README.md", r"it came to\s+\*\*(\S+)\*\*"),
    ),
    "SWD of two sets of real faces at 32x32": (
        (RESULTS, r"other reals \|.*\*\*(4\S+)\*\* \|"),
        ("README.md", r"have (\S+) at this size"),
    ),
    "drift with the usual epsilon": (
        (RESULTS, r"\| 393 .* \| (\d+) \|"),
        ("docs/training.md", r"the usual 0.001 let it reach (\d+)"),
    ),
    "drift with ten times as much": (
        (RESULTS, r"\| 393 \| \S+ \| (\d+) \|"),
        ("docs/training.md", r"kept it at (\d+)"),
    ),
    "memory of the demo": (
        (RESULTS, r"running; (\d+) GB of memory"),
        ("README.md", r"It needs (\d+) GB of memory"),
    ),
    "minutes of the demo": (
        (RESULTS, r"([\d.]+ to [\d.]+) minutes in all"),
        ("configs/README.md", r"`demo` .* ([\d.]+ to [\d.]+) minutes"),
        ("configs/demo.cfg", r"([\d.]+ to [\d.]+) minutes on 2 cores"),
    ),
    "kills of a training": (
        ("tests/commands/kill_train_test.py", r"while kills < (\d+)"),
        ("docs/training.md", r"at (\d+) random moments"),
        ("docs/reliability.md", r"at (\d+) random moments"),
    ),
}


def found(name: str, pattern: str) -> str:
    """What a pattern's group matches in a document, exactly once."""
    text = (documents.ROOT / name).read_text()
    matches = {each[1] for each in re.finditer(pattern, text)}
    assert len(matches) == 1, f"{name}: {pattern}: {matches}"
    return matches.pop()


def rounded(number: str, as_in: str) -> str:
    """A number with as many places behind the point as another."""
    if re.search("[e ]", number):
        return number
    return f"{float(number):.{len(as_in.partition('.')[2])}f}"


def modelled_seconds(*flags: str) -> float:
    """What `--plan` computes for one V100."""
    options = run_flags.from_flags(train.parse(flags))
    return plan.make(options, 3, 1, machine=speed.Machine(3300.0)).seconds


def seconds(number: str, unit: str) -> float:
    units = {"minutes": 60, "h": 3600, "hours": 3600, "days": 86400}
    return float(number) * units[unit]


def bench(size: int, precision: str) -> list[float]:
    """(images/s, share of peak) of a settled row of performance.md."""
    pattern = (
        rf"\| {size}x{size} \| {precision} \| settled \| (\S+) \| \S+ \| \S+"
        r" \| (\d+)%"
    )
    text = (documents.DOCS / "performance.md").read_text()
    (row,) = re.findall(pattern, text)
    return [float(number) for number in row]


class NumbersTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*REPEATED)
    def test_repeated(self, name):
        home, *others = REPEATED[name]
        number = found(*home)
        for other in others:
            repeated = found(*other)
            self.assertEqual(repeated, rounded(number, repeated), other[0])

    def test_durations_that_are_modelled(self):
        """In heads of flagfiles, and in the table of them."""
        table = (documents.ROOT / "configs" / "README.md").read_text()
        compared = 0
        for path in documents.flagfiles():
            told = re.findall(
                r"(\d+) (\w+) of a V100, modelled", path.read_text()
            )
            told += re.findall(
                rf"^\| `{path.stem}` \|.*GPU.* (\d+) (\w+), modelled",
                table, re.M,
            )  # fmt: skip
            for number, unit in told:
                model = modelled_seconds(f"--flagfile={path}")
                ratio = seconds(number, unit) / model
                self.assertBetween(ratio, 0.93, 1.07, f"{path.name}: {unit}")
                compared += 1
        self.assertGreater(compared, 20)

    def test_times_on_gpus(self):
        text = (documents.DOCS / "times.md").read_text()
        rows = re.findall(
            r"^\| ([A-Z][\w ]+) \| ([\d.]+) \| (\d+) \| (.*) \|$", text, re.M
        )
        self.assertEqual({row[0] for row in rows}, set(gpus.TERAFLOPS))
        for gpu, teraflops, peak, cells in rows:
            self.assertEqual(float(teraflops), gpus.TERAFLOPS[gpu])
            self.assertEqual(float(peak), gpus.peak(gpu))
            for size, cell in zip(
                (64, 128, 256, 512, 1024), cells.split(" | "), strict=True
            ):
                model = modelled_seconds(f"--resolution={size}", "--run_dir=r")
                told = seconds(*cell.split()) * float(peak) / 3300
                unit = 3600 if cell.endswith("h") else 86400
                off = abs(told - model) / (unit * float(peak) / 3300)
                self.assertLess(off, 0.55, f"{gpu} at {size}")

    def test_published_modes(self):
        table = (documents.ROOT / "configs" / "README.md").read_text()
        for column, sizes in table4.PUBLISHED.items():
            for size, (modes, _, kl, _) in sizes.items():
                name = f"modes-{column}-{size}"
                head = (documents.ROOT / "configs" / f"{name}.cfg").read_text()
                self.assertIn(f"Published: {modes} modes, KL {kl:.2f}", head)
                self.assertRegex(
                    table, rf"`{name}` \| .* \| {modes} \| {kl:.2f} \|"
                )

    def test_published_numbers_of_flagfiles(self):
        """As the table of flagfiles has them."""
        table = (documents.ROOT / "configs" / "README.md").read_text()
        compared = 0
        for path in documents.flagfiles():
            head = path.read_text()
            rows = re.findall(rf"^\| `{path.stem}` \|.*$", table, re.M)
            for pattern in (
                r"SWDx1e3 (\d+\.\d+)",
                r"MS-SSIM (\.\d+)",
                r"FID-50k (\d+\.\d+)",
                r"inception score (\d+\.\d+ \+- \.\d+)",
                r"bedroom (\d+\.\d+)",
            ):
                for number in re.findall(pattern, head):
                    if not path.stem.endswith("-fp16"):
                        self.assertIn(number, "".join(rows), path.name)
                        compared += 1
        self.assertGreater(compared, 12)

    def test_speeds(self):
        """Beside the table that `make bench` writes."""
        sizes = (4, 8, 16, 32, 64, 128)
        text = (documents.DOCS / "performance.md").read_text()
        for precision in ("float32", "bfloat16"):
            (row,) = re.findall(rf"^\| {precision} \| (\d.*) \|$", text, re.M)
            told = [float(number) for number in row.split(" | ")]
            measured = [bench(size, precision)[0] for size in sizes]
            self.assertAllClose(told, measured, rtol=5e-3, atol=0)
        shares = [bench(size, "float32")[1] for size in sizes[1:]]
        ratios = [
            bench(size, "bfloat16")[0] / bench(size, "float32")[0]
            for size in sizes[1:]
        ]
        changelog = (documents.ROOT / "CHANGELOG.md").read_text()
        self.assertIn(f"{min(shares):.0f} to {max(shares):.0f}% of", changelog)
        self.assertIn(
            f"{min(ratios):.1f} to {max(ratios):.1f} times", changelog
        )
        times = found("docs/training.md", r"up to (\S+) times as fast")
        self.assertEqual(times, f"{max(ratios):.1f}")

    def test_limits_of_the_code(self):
        minutes = found("docs/troubles.md", r"gives up after (\d+) minutes")
        self.assertEqual(int(minutes), rendezvous.WAIT_MINUTES)
        self.assertIn("1 GB", (documents.DOCS / "datasets.md").read_text())
        self.assertEqual(memory.DEFAULT, 10**9)
        few = found("docs/own-photos.md", r"\*\*How many\*\*: (\S+) or more")
        self.assertEqual(int(few.replace(",", "")), create.FEW_IMAGES)
