"""Who may import whom: only along one line of folders, and never in circles.

TensorFlow stands only where it must be.
"""

import ast
import pathlib

from tests import common, processes

PACKAGE = common.ROOT / "pgan_tf"

# A folder imports only from those right of a ">", never from its neighbour at
# a comma. The scripts lie above.
LINE = (
    "commands > training, evaluation > sampling > networks > data, runs > base"
)

# Everything else runs on NumPy, or on Keras with any of its backends.
MAY_IMPORT_TENSORFLOW = (
    "base/devices.py",
    "base/graphs.py",
    "data/pipeline.py",
    # One operation that Keras does not have.
    "networks/operations.py",
    "networks/export.py",
    "evaluation/features/resize.py",
    "evaluation/features/inception_graph.py",
    "evaluation/features/inception_keras.py",
    "evaluation/features/untrained.py",
    "evaluation/features/own_model.py",
    "sampling/projection.py",
    "training/checkpoints.py",
    "training/compiled_steps.py",
    "training/draws.py",
    "training/guard.py",
    "training/state.py",
    "training/optim.py",
    "training/steps.py",
    "runs/tensorboard.py",
    "training/probe.py",
    "training/objectives.py",
    "training/trainer.py",
    "training/unrolling.py",
    "training/workers.py",
)

# Public for all their names, by the rules of named tuples.
PYTHONS = {"_asdict", "_fields", "_replace"}
# Private names that tests still reach for, by file: no more of them.
REACHED = {
    ("evaluation/no_cache_test.py", "_said"),
    ("training/checkpoints_test.py", "_checkpoint"),
    ("training/checkpoints_test.py", "_position"),
    ("training/checkpoints_test.py", "_trackable"),
    ("training/derived_test.py", "_text"),
}


def imported(path: pathlib.Path) -> set[str]:
    """Full names of all that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def name_of(path: pathlib.Path) -> str:
    """A module's dotted name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph() -> dict[str, set[str]]:
    """Which of our modules each of them imports."""
    modules = {name_of(path): path for path in PACKAGE.rglob("*.py")}
    found = {}
    for name, path in modules.items():
        found[name] = {
            # What is no module is a name in one.
            full if full in modules else full.rpartition(".")[0]
            for full in imported(path)
            if full.split(".")[0] == "pgan_tf"
        }
    return found


def ranks() -> dict[str, int]:
    """How far up each folder of LINE stands."""
    groups = reversed(LINE.split(" > "))
    return {
        folder: i
        for i, group in enumerate(groups)
        for folder in group.split(", ")
    }


def folder_of(name: str) -> str:
    """The folder that a module lies in; empty for the package itself."""
    return name.partition(".")[2].partition(".")[0]


def circle_from(
    start: str, arrows: dict[str, set[str]], done: set[str]
) -> list[str]:
    """Modules that import each other in a ring; empty without one."""
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for other in sorted(arrows.get(name, ())):
            if found := visit(other):
                return found
        done.add(path.pop())
        return []

    return visit(start)


def private_names(path: pathlib.Path) -> set[str]:
    """Names that begin with one underscore, of what is not the file's own."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            of = node.value
            own = isinstance(of, ast.Name) and of.id in ("self", "cls")
            own |= isinstance(of, ast.Call) and ast.unparse(of) == "super()"
            if not own:
                names.add(node.attr)
        elif isinstance(node, ast.Call) and "patch.object" in ast.unparse(
            node.func
        ):
            names.update(
                each.value
                for each in node.args[1:2]
                if isinstance(each, ast.Constant)
            )
    return {
        name
        for name in names - PYTHONS
        if name.startswith("_") and not name.startswith("__")
    }


class ArchitectureTest(common.TestCase):
    def test_the_package_is_eight_folders(self):
        entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
        self.assertEqual(entries, {"__init__.py", "py.typed", *ranks()})
        self.assertLen(ranks(), 8)

    def test_the_guide_has_the_same_line(self):
        guide = (common.ROOT / "docs" / "architecture.md").read_text()
        self.assertIn(f"scripts > {LINE}", guide)

    def test_folders_import_along_the_line(self):
        rank = ranks()
        for name, others in graph().items():
            own = folder_of(name)
            for other in others:
                target = folder_of(other)
                if own == target or not {own, target} <= rank.keys():
                    continue
                self.assertGreater(
                    rank[own], rank[target], f"{name} imports {other}"
                )

    def test_no_circles(self):
        arrows, done = graph(), set()
        self.assertGreater(len(arrows), 100)
        for name in arrows:
            if folder_of(name) in ranks():
                self.assertEqual(circle_from(name, arrows, done), [])

    def test_tensorflow_stays_where_it_is(self):
        found = sorted(
            str(path.relative_to(PACKAGE))
            for path in PACKAGE.rglob("*.py")
            if any(n.split(".")[0] == "tensorflow" for n in imported(path))
        )
        self.assertEqual(found, sorted(MAY_IMPORT_TENSORFLOW))

    def test_scripts_import_tensorflow_late(self):
        """So that --help and refusals come at once."""
        for script in ("train", "evaluate", "generate", "dataset_tool"):
            code = f"import sys, {script}; print(*sys.modules)"
            modules = processes.succeed("-c", code).split()
            self.assertNoCommonElements(modules, ["tensorflow", "keras"])

    def test_tests_reach_for_public_names(self):
        """So that what is behind these may change without them."""
        found = {
            (str(path.relative_to(common.ROOT / "tests")), name)
            for path in (common.ROOT / "tests").rglob("*.py")
            for name in private_names(path)
        }
        self.assertEqual(found, REACHED)

    def test_no_kwargs_below_keras(self):
        """`**kwargs` only carries name and dtype up to a Keras layer."""
        for path in PACKAGE.rglob("*.py"):
            if path.name == "layers.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and node.args.kwarg:
                    self.assertEqual(node.args.kwarg.arg, "__", path)
