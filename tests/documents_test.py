"""README, docs and flagfiles: their commands parse, folders and links agree."""

import contextlib
import functools
import importlib
import io
import re
import shlex
import tomllib

from pgan_tf.commands import evaluate_flags, train
from pgan_tf.commands.dataset import verbs as dataset_verbs
from pgan_tf.commands.generate import verbs as generate_verbs
from tests import common, documents

PARSERS = {
    "dataset_tool.py": dataset_verbs.SCRIPT.parse,
    "evaluate.py": evaluate_flags.parse,
    "generate.py": generate_verbs.SCRIPT.parse,
    "train.py": train.parse,
}
BENCHMARKS = [
    f"benchmarks.{name}"
    for name in ("data", "metrics", "mutants.__main__", "steps", "table4")
]
PARSERS |= {name: importlib.import_module(name).parse for name in BENCHMARKS}
# Of other programs.
FOREIGN = {"logdir", "requirement"}
# How flags are written.
FOREIGN |= {"name", "noname"}
OTHER_PROGRAMS = {"cd", "export", "git", "grep", "source", "tensorboard", "7z"}
# What is written without being made by a command of a document.
GIVEN = ("black:",)


def help_of(script: str, *verb: str) -> str:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        with contextlib.suppress(SystemExit):
            PARSERS[script]([*verb, "--help"])
    return stream.getvalue()


def all_flags() -> set[str]:
    """The names of all flags of all scripts and verbs."""
    texts = [help_of(script) for script in ("train.py", "evaluate.py")]
    texts += [help_of(name) for name in BENCHMARKS]
    for script, verbs in (
        ("dataset_tool.py", dataset_verbs.SCRIPT.verbs),
        ("generate.py", generate_verbs.SCRIPT.verbs),
    ):
        texts += [help_of(script, verb) for verb in verbs]
    found = re.findall(r"^ +--(\[no\])?(\w+)", "\n".join(texts), re.M)
    switches = {"no" + name for negated, name in found if negated}
    return {name for _, name in found} | switches


def trained(command: documents.Command) -> tuple[str, str, int]:
    """(dataset, run folder, resolution or 0) of a command of train.py."""
    args = train.parse(command.words[1:])
    return args.data_dir, args.run_dir, args.resolution


def attribute(owner: object, name: str) -> object:
    """What Python makes of owner.name, which may be a module to import."""
    with contextlib.suppress(ImportError):
        importlib.import_module(f"{getattr(owner, '__name__', '')}.{name}")
    return getattr(owner, name)


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    plain = [re.sub(r"[^\w\- ]", "", each.lower()) for each in headings]
    return {each.replace(" ", "-") for each in plain}


class DocumentsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.enter_context(contextlib.chdir(documents.ROOT))
        self.commands = documents.all_commands()

    def of(self, script: str, *verbs: str) -> list[documents.Command]:
        return [
            each
            for each in self.commands
            if each.script == script and (not verbs or each.words[1] in verbs)
        ]

    def test_every_command_parses(self):
        self.assertGreater(len(self.commands), 100)
        makefile = (documents.ROOT / "Makefile").read_text()
        (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.M)
        for command in self.commands:
            with self.subTest(str(command)):
                script, *words = command.words
                if script in PARSERS:
                    PARSERS[script](words)
                elif script == "make":
                    self.assertIn(words[0], targets.split())
                    self.parse_arguments_of_make(words)
                elif script == "-m":
                    importlib.import_module(words[0]).parse(words[1:])
                elif script in ("pip", "python3"):
                    self.assertIn(words[0], ("install", "-m"))
                else:
                    self.assertIn(script, OTHER_PROGRAMS)

    def parse_arguments_of_make(self, words: list[str]) -> None:
        """Those that `make bench-data ARGS="..."` passes on."""
        for word in words[1:]:
            given = word.removeprefix("ARGS=")
            self.assertNotEqual(given, word)
            module = f"benchmarks.{words[0].removeprefix('bench-')}"
            importlib.import_module(module).parse(shlex.split(given))

    def test_commands_stand_in_marked_blocks(self):
        for path in documents.pages():
            for number, text in documents.blocks(path, ""):
                found = re.search(r"^ *(python|pip|make|pgan-\w+) ", text, re.M)
                self.assertIsNone(found, f"{path.name}:{number}: use ```sh")

    def test_every_flag_that_is_named_exists(self):
        known = all_flags() | FOREIGN
        self.assertGreater(len(known), 150)
        for path in [*documents.pages(), *documents.flagfiles()]:
            text = path.read_text()
            named = set(re.findall(r"(?<![\w-])--(\w+)(?<!_)(?!\w)", text))
            named |= {
                prefix + name
                for name in re.findall(r"--\[no\](\w+)", text)
                for prefix in ("", "no")
            }
            named -= {"no"} if "--[no]" in text else set()
            self.assertEmpty(named - known, path.name)

    def test_datasets_are_made_where_they_are_looked_for(self):
        made = {
            each.flags["out_dir"]: each
            for each in self.of("dataset_tool.py", "create")
        }
        for command in self.of("train.py"):
            data_dir, _, resolution = trained(command)
            if not data_dir or data_dir.startswith(GIVEN):
                continue
            self.assertIn(data_dir, made, str(command))
            given = int(made[data_dir].flags.get("resolution", 0))
            if given and resolution:
                self.assertEqual(given, resolution, str(command))
        for command in self.of(
            "dataset_tool.py", "info", "display", "verify", "extract"
        ):
            folder = next(w for w in command.words[2:] if w[:1] != "-")
            self.assertIn(folder, made, str(command))

    def test_runs_are_trained_where_they_are_looked_for(self):
        runs = {trained(each)[1] for each in self.of("train.py")}
        for command in [*self.of("evaluate.py"), *self.of("generate.py")]:
            for name in ("run_dir", "network"):
                run_dir = command.flags.get(name, "")
                if run_dir.startswith("runs/"):
                    self.assertIn(run_dir, runs, str(command))

    def test_classes_are_drawn_by_networks_that_take_labels(self):
        conditional = {
            trained(each)[1]
            for each in self.of("train.py")
            if train.parse(each.words[1:]).max_label_size
        }
        for command in self.of("generate.py"):
            if "class" in command.flags:
                self.assertIn(command.flags["network"], conditional)

    def test_extras_exist(self):
        project = tomllib.loads((documents.ROOT / "pyproject.toml").read_text())
        extras = project["project"]["optional-dependencies"]
        for path in documents.pages():
            found = re.findall(r"(?:\.|pgan_tf)\[([\w,]+)\]", path.read_text())
            names = {name for each in found for name in each.split(",")}
            self.assertEmpty(names - extras.keys(), path.name)

    def test_links_lead_somewhere(self):
        for path in documents.pages():
            for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
                if link.startswith(("http:", "https:")):
                    continue
                file, _, anchor = link.partition("#")
                target = path.parent / file if file else path
                self.assertTrue(target.exists(), f"{path.name}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(target.read_text()), link)

    def test_python_uses_names_that_exist(self):
        for path in documents.pages():
            for number, text in documents.blocks(path, "python"):
                compile(text, f"{path.name}:{number}", "exec")
            for name in re.findall(
                r"\bpgan_tf((?:\.[a-z_]\w*)+)", path.read_text()
            ):
                names = name.split(".")[1:]
                with self.subTest(path.name + name):
                    functools.reduce(
                        attribute, names, importlib.import_module("pgan_tf")
                    )

    def test_every_page_is_in_the_table_of_the_readme(self):
        linked = set(
            re.findall(r"\((docs/[\w-]+\.md)", documents.pages()[0].read_text())
        )
        docs = {f"docs/{path.name}" for path in documents.DOCS.glob("*.md")}
        # Reached from the page that they belong to.
        parts = {"docs/performance-trials.md", "docs/table4.md"}
        self.assertEqual(docs - parts, linked)
