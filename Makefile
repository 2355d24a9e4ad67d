# Every target does its own set-up: `make test` on a fresh clone is enough.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# An active virtual environment is used as it is; otherwise one is made in .venv.
ENVIRONMENT := $(or $(VIRTUAL_ENV),.venv)
BIN := $(ENVIRONMENT)/bin
STAMP := $(ENVIRONMENT)/.change-order-relay-installed

# The first interpreter that is new enough; `make setup PYTHON=...` chooses another.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,\
	$(shell command -v $(name) >/dev/null 2>&1 && \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $(name))))

KEEP ?=
# Four at a time, also on two cores, and five storms: what takes long mostly waits for processes and for time to pass.
# The shuffled order, the drawn examples and the order of sets are the same each time, so that a failure comes again.
PYTEST_ARGS ?= --dist worksteal --randomly-seed=1 --hypothesis-seed=1
export PYTHONHASHSEED ?= 1
IMAGE ?= change-order-relay
IMAGE_ARGS ?=
CONTAINER_ENGINE ?= docker
# Compiled once; otherwise each of the many processes that tests start would compile everything again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup lint format types docs test proof demo containers cluster bench manifests alerts image lock clean

help:  ## say what can be done
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */make \1\t/' | expand -t 16

setup: $(STAMP)  ## the virtual environment, with every dependency pinned by its hash

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(ENVIRONMENT)

$(STAMP): requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lint: $(STAMP)  ## ruff: rules and layout
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(STAMP)  ## put imports in order, fix what ruff can fix safely, lay every file out
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(STAMP)  ## mypy, strict, tests included
	$(BIN)/mypy

docs: $(STAMP)  ## log events, metrics and the contract with other services, written from the code
	$(BIN)/python docs/tables.py && $(BIN)/python -m docs.contract_files

test: $(STAMP)  ## every test but the storms, on real Apache Kafka
	$(BIN)/python -m pytest -n 4 -m "not storm" $(PYTEST_ARGS)

# Where storms are: to look for them among thousands of other tests takes a minute. A test holds that they are here.
STORMS := tests/browser tests/contract/operations tests/faults tests/integration
proof: $(STAMP)  ## the storms: processes are killed in every gap, and remotes lose answers
	$(BIN)/python -m pytest -n 5 -m storm $(PYTEST_ARGS) $(STORMS)

demo: $(STAMP)  ## the main job, shown on this machine; KEEP=1 leaves it running
	$(BIN)/python -m deploy.demo $(if $(KEEP),--keep)

# A file to a worker, so that a file's broker serves all of its tests. The demonstration is the longest: it begins.
CONTAINERS_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder -p no:randomly --durations=5
containers: $(STAMP)  ## the image, the demonstration and the compose file as containers, proven beside a container engine
	$(BIN)/python -m deploy.containers $(BIN)/python -m pytest $(CONTAINERS_ARGS) tests/containers/test_demo.py \
		tests/containers tests/integration/kafka/test_transactions.py tests/integration/cli/test_status.py

cluster: $(STAMP)  ## the manifests, valid, and where KUBECONFIG names a cluster, proven there with IMAGE
	IMAGE=$(IMAGE) $(BIN)/python -m deploy.cluster

bench: $(STAMP)  ## benchmarks, as JSON
	@$(BIN)/python -m benchmarks

manifests: $(STAMP)  ## the Kubernetes manifests, rules and dashboards that follow from the code
	$(BIN)/python -m deploy.kubernetes && $(BIN)/python -m deploy.monitoring

alerts: $(STAMP)  ## the alerts, proven with Prometheus' promtool
	$(BIN)/python -m deploy.kubernetes.alerts

image:  ## the container image
	$(CONTAINER_ENGINE) build --file deploy/image/Dockerfile --tag $(IMAGE) \
		--build-arg REVISION=$$(git rev-parse HEAD) $(IMAGE_ARGS) .

LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host

lock: $(STAMP)  ## pin the dependencies of pyproject.toml anew
	$(LOCK) --extra build --output-file requirements.lock pyproject.toml
	$(LOCK) --allow-unsafe --extra build --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml

clean:  ## what was built, downloaded and cached here; not the virtual environment
	rm -rf build dist .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./$(ENVIRONMENT) -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf
