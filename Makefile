# Everything runs from .venv, made here by Python >= 3.11 with venv; nothing else has to be installed first.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: help demo test test-fast test-mlflow check bench accuracy clean
help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

.venv/demo.stamp: pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --prefer-binary -e '.[demo]'
	touch $@

.venv/test.stamp: pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --prefer-binary -e '.[test]'
	touch $@ .venv/demo.stamp

demo: .venv/demo.stamp  ## the whole main job over the embedded estate, on loopback; ends with the path of the report
	$(PY) -m tests.estate.demo

test: .venv/test.stamp  ## every test from the tree, then the fast part against the built wheel
	$(PY) -m tests.wheel
	$(PY) -m pytest

test-fast: .venv/test.stamp  ## the tests that need no server
	$(PY) -m pytest -m 'not slow'

.venv-mlflow/stamp:
	$(PYTHON) -m venv .venv-mlflow
	.venv-mlflow/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: mlflow==3.17.2 psycopg2-binary==2.9.13
	touch $@

test-mlflow: .venv/test.stamp .venv-mlflow/stamp  ## the MLflow registry against a real server, on SQLite and PostgreSQL (installs 660 MB)
	$(PY) -m pytest tests/test_registry_mlflow.py

check: .venv/test.stamp  ## ruff, mypy strict, import-linter
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

bench: .venv/test.stamp  ## the numbers the README gives, as ratios beside a peer or a limit
	$(PY) -m benchmarks

accuracy: .venv/test.stamp  ## recall and precision of detection; CORPUS=... TRUTH=... for another labelled corpus than our own
	$(PY) -m benchmarks.accuracy "$(or $(CORPUS),tests/corpus/trees)" "$(or $(TRUTH),tests/corpus/truth)"

clean:  ## removes what make made
	rm -rf .venv .venv-mlflow .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist demo
