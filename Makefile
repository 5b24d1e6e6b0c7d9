# `make evaluate`: what LeNet-5 costs on a SENECA core.  `make test`: every check and test.
PYTHON ?= python3
BIN := .venv/bin
COVERED := $(BIN)/python -m slipcover --source onnx2zz --skip-covered -m pytest
# What a file's tests share is made once, as long as one core does the whole file.
ON_TWO_CORES := -n 2 --dist worksteal

.PHONY: evaluate test coverage check docs test-long composed mutation bench models reliability fuzz kills soak growth lock audit sbom clean

evaluate: .venv/evaluates
	$(BIN)/onnx2zz evaluate lenet5 --arch seneca

test: check
	$(if $(CI),$(COVERED) --durations=20,$(BIN)/pytest) $(ON_TWO_CORES)

coverage: .venv/installed
	$(COVERED) $(ON_TWO_CORES)

test-long: .venv/installed
	$(BIN)/pytest $(ON_TWO_CORES) -m long

composed: .venv/installed
	$(BIN)/pytest $(ON_TWO_CORES) -m long tests/composed

mutation: .venv/installed
	$(BIN)/python -m scripts.correctness.mutation --write

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/installed
	$(BIN)/python -m scripts.benchmarks compile

reliability: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[fuzz]" uv
	$(BIN)/python -m scripts.reliability

lock: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements-ci.txt

audit: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements-ci.txt

sbom: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml -o dist/onnx2zz.cdx.json requirements-ci.txt

fuzz: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[fuzz]"
	$(BIN)/python -m scripts.reliability.fuzz --keep

kills: .venv/installed
	$(BIN)/python -m scripts.reliability.kills --kills 200 --keep

soak: .venv/installed
	$(BIN)/python -m scripts.reliability.soak --keep

growth: .venv/installed
	$(BIN)/python -m scripts.benchmarks growth

models: .venv/installed
	$(BIN)/python -m scripts.networks.build_models

clean:
	rm -rf .venv onnx2zz_out onnx2zz_sweep artefacts build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# What `evaluate` takes, and no more. Nothing is compiled ahead: most of what ZigZag brings along is never imported.
.venv/evaluates: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e .
	touch $@

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "onnx2zz needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(if $(CI),$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-ci.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@ .venv/evaluates
