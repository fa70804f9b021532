# Each target sets itself up. It requires only Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test test-versions check corpus deployed fuzz bench model newest templates functions docs picture site release golden lock clean

demo: .venv/demo ## Build, deploy to a local emulator, see the refusal, fix it, deploy.
	cfnroles local sh examples/demo.sh

test: check ## Run all checks and tests.
	pytest -n auto --dist worksteal

test-versions: .venv/installed ## Test a wheel (WHEEL, or the one of the working tree) on the oldest and newest supported Python.
	.ci/versions $(WHEEL)

check: .venv/installed ## Check style, types and import contracts.
	ruff check .
	ruff format --check .
	mypy
	lint-imports

corpus: .venv/installed ## Build every task definition of a corpus, and print each result.
	python -m tests.corpus

deployed: .venv/installed ## Deploy the templates of a corpus, with their roles, to a local emulator; takes minutes.
	python -m tests.deployed_corpus

fuzz: .venv/installed ## Try every command on 100,000 mutated documents (CASES and FIRST choose others), and IAM's evaluator with as many requests.
	SHARDS=10 pytest -n auto tests/iam/evaluator/test_differential.py
	python -m tests.fuzz --cases $(or $(CASES),100000) --first $(or $(FIRST),0)

bench: .venv/installed ## Measure speed and size against their limits, and write docs/benchmarks.md.
	python -m benchmarks docs/benchmarks.md

newest: .venv/installed ## Check whether the newest botocore or cfn-lint has fields of Amazon ECS that cfnroles does not know.
	python -m tests.ecs_model

model: .venv/installed ## Regenerate the records of the fields that the newest botocore and cfn-lint have for Amazon ECS.
	python -m tests.ecs_model --write

templates: .venv/installed ## Regenerate templates/.
	python -m cfnroles.targets.cloudformation.generic templates

functions: .venv/installed ## Write the archive with the functions of the macro and the hook to build/; ARCHITECTURE chooses arm64.
	.ci/functions build $(or $(ARCHITECTURE),x86_64)

docs: .venv/installed ## Regenerate the pages that are generated from tables.
	python -m cfnroles.formats.feature_table docs/features.md
	python -m cfnroles.formats.checks_page docs/checks.md
	python -m cfnroles.formats.spec_page docs/spec.md
	python -m cfnroles.formats.messages_page docs/messages.md
	python -m cfnroles.formats.permissions_page docs/permissions.md
	python -m cfnroles.formats.recipes_page examples/recipes docs/recipes.md
	cfnroles schema > docs/cfnroles.schema.json
	for command in $$(python -c 'from cfnroles.formats.published import FORMS; print(*FORMS)'); do \
	  cfnroles schema $$command > docs/schemas/$$command.schema.json; done

picture: .venv/installed ## Write docs/refusal.svg, the picture of README.md, from the output of the commands.
	cfnroles local python -m tests.refusal_picture docs/refusal.svg

site: .venv/installed ## Write the documentation as a site to build/site, without network access.
	zensical build --strict --clean

release: ## Build wheel and source of this commit reproducibly, with licenses and a bill of materials, to dist/.
	.ci/release

golden: .venv/installed ## Rewrite the expected outputs of the tests. Review the diff.
	pytest --rewrite-golden $$(grep --recursive --files-with-matches --include='test_*.py' --word-regexp golden tests)

# The demo needs no tools for tests, and installs in half the time without them.
.venv/demo: setup.cfg pyproject.toml
	test .venv/installed -nt setup.cfg || { $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local]'; }
	touch $@

.venv/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,local,mcp]'
	touch $@

lock: .venv/installed ## Regenerate the list of packages that the GitHub Action installs.
	.ci/lock

clean:
	rm -rf .venv .venv-3.* build dist *.egg-info
