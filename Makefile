# Bare `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help setup run test lint types contract unit bench train-refiner ablate-refiner doctor lock clean
BIN := .venv/bin

help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup:           ## install everything `make run` needs
	@deploy/setup.sh run

run: setup       ## set up, then teach in the simulated classroom; ARGS="--camera /dev/video0 ..." for a real one
	@$(BIN)/classroom run $(ARGS)

test:            ## set up, then lint, types, import contract, tests
	@deploy/setup.sh test
	@$(MAKE) --no-print-directory lint types contract unit

lint:            ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:           ## mypy, strict
	$(BIN)/mypy

contract:        ## which package may import which
	$(BIN)/lint-imports

unit:            ## the tests; ARGS="tests/pipelines -k name" for some
	@tests/run $(ARGS)

bench:           ## measure this machine beside the naive chain; ARGS="--json FILE"
	@deploy/setup.sh run
	$(BIN)/classroom bench $(ARGS)

train-refiner: setup ## train the refiner's weights anew (about an hour on 2 cores); ARGS="--people DIR --steps N"
	$(BIN)/pip install --quiet --no-build-isolation -e '.[train]'
	$(BIN)/python -m models.training $(ARGS)

ablate-refiner: setup ## what each thing the refiner sees is worth, by small trainings (about an hour on 2 cores)
	$(BIN)/pip install --quiet --no-build-isolation -e '.[train]'
	$(BIN)/python -m models.training ablate $(ARGS)

doctor: setup    ## what is ready on this machine, and how to mend what is not
	@$(BIN)/classroom doctor

lock:            ## renew the lock files from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:           ## remove the virtual environment and what tests left
	rm -rf .venv out .mypy_cache .ruff_cache .pytest_cache
