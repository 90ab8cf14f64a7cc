# The build folder and the test tools lie outside the checkout, so that Polars is compiled once for all clones.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/adg/target
VENV ?= $(HOME)/.cache/adg/venv
export ADG_TEST_PYTHON = $(VENV)/bin/python
ADG = $(CARGO_TARGET_DIR)/release/adg

.PHONY: bench book demo build dependencies docs e2e e2e-python e2e-rust engines engines-chance faults fuzz gate gate-record hostile lint-python mutants simulate package soak static static-check test test-tools unit

demo: build
	@e2e/demo.sh $(ADG)

build:
	@e2e/require.sh cargo cc
	cargo build --release --locked

test: test-tools
	$(MAKE) unit
	$(MAKE) e2e
	$(MAKE) gate
	$(MAKE) hostile

unit: test-tools
	cargo test --locked --all-features --lib --bins

# Starts and stops every service that it needs. With all features: without `spark` the same code is compiled, less the engine.
# `make e2e ONLY=people` runs those tests alone whose names have that.
ONLY ?=
e2e: test-tools
	e2e/run.sh all $(abspath $(CARGO_TARGET_DIR)/debug/adg) $(ADG_TEST_PYTHON) "$(ONLY)"

# One part of them.
e2e-rust e2e-python: test-tools
	e2e/run.sh $(@:e2e-%=%) $(abspath $(CARGO_TARGET_DIR)/debug/adg) $(ADG_TEST_PYTHON) "$(ONLY)"

# What a cluster makes of days beside what adg makes of them, on the real Spark Connect and Sail; a part of `make e2e`.
engines: test-tools
	cargo build --locked --all-features
	e2e/python/run.sh $(abspath $(CARGO_TARGET_DIR)/debug/adg) $(ADG_TEST_PYTHON) -n 2 cases/engine

# The same of texts and files by the throw of a seed: `make engines-chance SEEDS=7..8` is the same again.
engines-chance: SEEDS = 0..10
engines-chance: test-tools
	cargo build --locked --all-features
	ADG_BIN=$(abspath $(CARGO_TARGET_DIR)/debug/adg) PYTHONPATH=e2e/python $(ADG_TEST_PYTHON) -m tools.engines_chance --seeds $(SEEDS)

# Whether what users run needs more instructions than were recorded; bench/instructions.json has them.
gate: build test-tools
	$(ADG_TEST_PYTHON) bench/gate.py --adg $(abspath $(ADG))

gate-record: build test-tools
	$(ADG_TEST_PYTHON) bench/gate.py --adg $(abspath $(ADG)) --record

# Style and types of the Python tests.
lint-python: test-tools
	$(VENV)/bin/ruff check e2e/python
	$(VENV)/bin/ruff format --check e2e/python
	cd e2e/python && $(VENV)/bin/mypy

test-tools:
	@e2e/require.sh cargo cc python3
	@e2e/test-tools.sh $(VENV)

# Licences, sources and known holes of all that adg is built of; and the list of it, $(CARGO_TARGET_DIR)/adg.cdx.json.
dependencies:
	@e2e/require.sh cargo cc python3
	@e2e/dependencies.sh $(HOME)/.cache/adg/tools $(CARGO_TARGET_DIR)/adg.cdx.json

# What users are given: every feature, in one file that needs no other, not even /dev for its random numbers, for machines of this kind. TARGET may be one of musl, where its standard library is.
TARGET ?= $(shell rustc -vV | sed -n 's/^host: //p')
OUT ?= $(CARGO_TARGET_DIR)/package
STATIC = $(CARGO_TARGET_DIR)/$(TARGET)/dist/adg
static:
	@e2e/require.sh cargo cc protoc
	RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom" -C link-arg=-Wl,--icf=all -C link-arg=-Wl,-z,pack-relative-relocs' cargo build --locked --all-features --profile dist --target $(TARGET)
	mkdir -p $(OUT)/tmp
	cp $(STATIC) $(OUT)/adg

# The same with its manual, completions, the list of what it is built of, and checksums.
package: static dependencies
	@e2e/package.sh $(OUT)/adg $(TARGET) $(CARGO_TARGET_DIR)/adg.cdx.json $(OUT)

# Its size, its start, and a night's work in a root that has nothing else.
static-check: test-tools
	PYTHONPATH=e2e/python $(ADG_TEST_PYTHON) -m tools.static_binary $(OUT)/adg

# docs/ as a book.
book:
	@e2e/require.sh cargo
	cargo install --quiet --locked --root $(HOME)/.cache/adg/tools --target-dir $(HOME)/.cache/adg/tools/target --no-default-features --features search mdbook@0.5.4
	$(HOME)/.cache/adg/tools/bin/mdbook build --dest-dir $(CARGO_TARGET_DIR)/book

# What docs/reliability.md tells, as much of it as one has time for. A part of each is in `make test`.
# Days in the life of a module, a seed each; `make simulate SEEDS=7` is the same life again.
SEEDS ?= 0..1000
simulate:
	ADG_SEEDS=$(SEEDS) cargo test --release --locked --lib simulation::lives_as_many_as_asked_for -- --ignored --nocapture

# The binary, killed so many times between S3, DynamoDB and the Hive Metastore.
KILLS ?= 300
SEED ?= 1
soak: build test-tools
	ADG_BIN=$(abspath $(ADG)) PYTHONPATH=e2e/python $(ADG_TEST_PYTHON) -m tools.soak --kills $(KILLS) --seed $(SEED)

# What services, networks, disks and clocks do to a run; and what hostile files, names and settings do. With the binary that users run.
# `make faults SCENARIOS="s3 disk"` has these alone. They wait for most of their time, so that more of them run at once.
SCENARIOS ?=
space := $(subst ,, )
faults: build test-tools
	e2e/python/run.sh $(abspath $(ADG)) $(ADG_TEST_PYTHON) -n 4 cases/faults $(if $(SCENARIOS),-k "$(subst $(space), or ,$(strip $(SCENARIOS)))")

hostile: build test-tools
	e2e/python/run.sh $(abspath $(ADG)) $(ADG_TEST_PYTHON) -n 2 cases/hostile $(if $(ONLY),-k "$(ONLY)")

# Every way in, for so many seconds each. Needs cargo-fuzz and a nightly compiler; what it finds worth keeping goes into fuzz/corpus.
SECONDS ?= 600
fuzz:
	@fuzz/run.sh $(SECONDS)

# Whether the tests notice that the code was changed. Needs cargo-mutants.
mutants:
	@e2e/mutants.sh schema
	@e2e/mutants.sh catchup

# adg beside its peers, and where it must keep to something by itself: `make bench SIZES=0.5 RUNS=1 ONLY=tiny,CSV` is a small one.
# bench/RESULTS.md tells what came of it.
BENCH ?= $(HOME)/.cache/adg/bench
SIZES ?= 0.5,3
RUNS ?= 5
bench: export BENCH_SAIL = $(BENCH)/sail/bin/python
bench: export BENCH_S3S = $(BENCH)/s3s/bin/s3s-fs
bench: export BENCH_REGISTRAR = cargo test --locked --lib -- --ignored --nocapture registers_what_the_bench_asks_for
bench: export PYTHONPATH = e2e/python
bench: build test-tools
	@bench/tools.sh $(BENCH)
	@$(BENCH)/engines/bin/python bench/bench.py --adg $(abspath $(ADG)) --sizes $(SIZES) --runs $(RUNS) --only "$(ONLY)" $(FLAGS)

docs: build
	$(ADG) schema --markdown > docs/config.md
	ADG_WRITE_DOCS=1 cargo test --locked --lib the_page_in_docs
