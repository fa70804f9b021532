# Each target does its own set-up: Python 3.11 or later is all it asks for.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test check corpus bench templates docs golden clean

demo: .venv/installed ## Build, deploy to a local emulator, be refused, repair, deploy.
	cfnroles local sh examples/demo.sh

test: check ## Everything that must hold before a change lands.
	pytest -n auto

check: .venv/installed ## Style, types and import contracts.
	ruff check .
	ruff format --check .
	mypy
	lint-imports

corpus: .venv/installed ## Build every task definition of a corpus, and print what became of each.
	python -m tests.corpus

bench: .venv/installed ## How long the command takes, beside the imports it cannot do without.
	python benchmarks/startup.py
	python benchmarks/gate.py

templates: .venv/installed ## Write templates/ anew.
	python -m cfnroles.stacks.generic templates

golden: .venv/installed ## Rewrite the expected outputs of the tests, to be reviewed as a diff.
	pytest --rewrite-golden tests/golden

.venv/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,local]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
