# Needs Python 3.12 or newer and make, nothing else. ARGS="…" is passed on by run, test and bench.
.DEFAULT_GOAL := help
.PHONY: help setup run test lint format cover bench clean
python := .venv/bin/python
# Set for many containers; without bytecode every process starts twice as slowly, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s%s\n", $$1, $$2 }' Makefile

setup:  ## make the environment in .venv, and .env; start nothing
	@scripts/setup

run:  ## the demo: sample courses, web and worker, until Ctrl-C (PORT=9000: another port)
	@since=$$(date +%s) && scripts/setup && exec $(python) manage.py demo --since $$since $(ARGS)

test:  ## lint and all tests; ARGS="-k import": only tests, and only these
	@scripts/setup && scripts/browser && exec scripts/check $(if $(ARGS),tests,all) $(ARGS)

lint:  ## style, formatting, types, and who imports whom
	@scripts/setup && exec scripts/check lint

format:  ## format the code, and mend what can be mended by a tool
	@scripts/setup && $(python) -m ruff check --fix-only --quiet && $(python) -m ruff format --quiet

cover:  ## all tests, and which lines and branches they do not run; takes a third longer
	@scripts/setup && scripts/browser && exec scripts/check coverage $(ARGS)

bench:  ## the benchmarks; each prints its figures
	@scripts/setup && exec $(python) -m benchmarks.all $(ARGS)

clean:  ## stop the embedded servers, and remove what these commands have made
	@exec scripts/clean
