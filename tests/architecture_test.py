"""Who may import whom: only downwards, and TensorFlow only where it must be.

A module may import from the lines below its own in LAYERS, and from its own
package.
"""

import ast
import pathlib

from tests import common

PACKAGE = pathlib.Path(__file__).parent.parent / "pgan_tf"

LAYERS = (
    ("bench", "evaluation", "generation"),
    ("pairs", "per_class"),
    ("session",),
    ("published", "rows"),
    ("checks", "choice", "comparison", "curves", "ledger", "training"),
    ("folders",),
    ("extractors", "image_sets", "projection", "results", "selection"),
    ("data", "sampling", "snapshots"),
    ("interop",),
    ("networks", "metrics", "report"),
    ("layers",),
    ("losses", "schedule", "run_folder", "video"),
    ("shapes",),
    ("cache", "command", "config_forms", "functional", "images", "replicas"),
    ("config", "counts", "digests", "directions", "verbs", "walks"),
    ("errors", "files", "text"),
)

# Everything else runs on NumPy, or on Keras with any of its backends.
MAY_IMPORT_TENSORFLOW = (
    "data/pipeline.py",
    # One operation that Keras does not have.
    "functional.py",
    "interop/export.py",
    "metrics/features.py",
    "metrics/inception.py",
    "metrics/inception_keras.py",
    "metrics/random_features.py",
    "metrics/user_models.py",
    "projection.py",
    "replicas.py",
    "training/checkpoints.py",
    "training/devices.py",
    "training/draws.py",
    "training/guard.py",
    "training/initial.py",
    "training/op_times.py",
    "training/optim.py",
    "training/steps.py",
    "training/summaries.py",
    "training/timing.py",
    "training/terms.py",
    "training/trainer.py",
    "training/workers.py",
)


def imported(path: pathlib.Path) -> set[str]:
    """Full names of all that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def rank(name: str) -> int:
    """How far down a module of the package, or its sub-package, stands."""
    (found,) = [i for i, line in enumerate(LAYERS) if name in line]
    return found


class ArchitectureTest(common.TestCase):
    def test_imports_go_downwards(self):
        files = [p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE]
        files += [p for p in PACKAGE.glob("*.py") if p.stem != "__init__"]
        self.assertGreater(len(files), 40)
        for path in files:
            own = path.relative_to(PACKAGE).with_suffix("").parts[0]
            for name in imported(path):
                if not name.startswith("pgan_tf."):
                    continue
                other = name.split(".")[1]
                if other != own:
                    self.assertLess(rank(own), rank(other), f"{path}: {name}")

    def test_tensorflow_stays_where_it_is(self):
        found = sorted(
            str(path.relative_to(PACKAGE))
            for path in PACKAGE.rglob("*.py")
            if any(n.split(".")[0] == "tensorflow" for n in imported(path))
        )
        self.assertEqual(found, sorted(MAY_IMPORT_TENSORFLOW))

    def test_scripts_import_tensorflow_late(self):
        for script in ("train", "evaluate", "generate", "dataset_tool"):
            text = (PACKAGE.parent / f"{script}.py").read_text()
            top = {
                alias.name
                for node in ast.parse(text).body
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            self.assertNoCommonElements(
                top, ["tensorflow", "keras", "trainer", "evaluation"]
            )

    def test_no_kwargs_below_keras(self):
        """`**kwargs` only carries name and dtype up to a Keras layer."""
        for path in PACKAGE.rglob("*.py"):
            if path.name == "layers.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and node.args.kwarg:
                    self.assertEqual(node.args.kwarg.arg, "__", path)
