# The build folder and the test tools lie outside the checkout, so that Polars is compiled once for all clones.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/adg/target
VENV ?= $(HOME)/.cache/adg/venv
export ADG_TEST_PYTHON = $(VENV)/bin/python
ADG = $(CARGO_TARGET_DIR)/release/adg

.PHONY: demo build test e2e test-tools docs

demo: build
	@e2e/demo.sh $(ADG)

build:
	@e2e/require.sh cargo cc
	cargo build --release --locked

test: test-tools
	cargo test --locked --lib --bins
	$(MAKE) e2e

# Starts and stops every service that it needs.
e2e: test-tools
	cargo test --locked --test e2e

test-tools:
	@e2e/require.sh cargo cc python3
	@e2e/test-tools.sh $(VENV)

docs: build
	$(ADG) schema --markdown > docs/config.md
	ADG_WRITE_DOCS=1 cargo test --locked --lib the_page_in_docs
