# make demo | make test | make test-slow | make check-wheel
# make bench | make bench-data | make bench-metrics | make table4 | make mutants
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow check-wheel bench bench-data bench-metrics table4 mutants lint format clean

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))' \
		|| { echo "make: $(PYTHON) is not Python 3.11 to 3.13: name one, such as make demo PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

demo: $(VENV)/.installed
	$(BIN)/python dataset_tool.py create --source=faces --resolution=32 --out_dir=datasets/faces32
	$(BIN)/python train.py --flagfile=configs/demo.cfg
	$(BIN)/python evaluate.py --run_dir=runs/demo --metrics=fid,swd

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -q -n 2 tests

test-slow: lint
	$(BIN)/python -m pytest -q -m slow tests

check-wheel:
	tests/wheel_check.sh $(PYTHON)

bench: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.steps --doc=docs/performance.md $(ARGS)

bench-data: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.data $(ARGS)

bench-metrics: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.metrics $(ARGS)

mutants: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.mutants $(ARGS)

table4: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.table4 $(ARGS)

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
