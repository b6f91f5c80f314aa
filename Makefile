# What a newcomer, a developer and CI type. Everything that is needed beyond Rust, Python and make is installed here, into
# .tools/ (Python packages) or from Debian's packages (what only the tests need).

SHELL := /bin/bash
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/.tools
UV_VERSION := 0.13.8
PYTHON_VERSION := 3.11
PYTHON ?= $(firstword $(wildcard /usr/bin/python$(PYTHON_VERSION)) python3)
export PATH := $(TOOLS)/venv/bin:$(PATH)

# Programs that only the tests need, and the Debian packages they are in.
TEST_PROGRAMS := strace:strace ip:iproute2 unshare:util-linux mount:mount git:git
BENCH_PROGRAMS := pigz:pigz
# How long each fuzz target runs.
FUZZ_SECONDS := 60

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

.PHONY: demo
demo: $(TOOLS)/uv release ## Build a Beam template into a local bucket and launch it, on real text
	./examples/demo.sh target/release/tmpl .demo

.PHONY: test
test: $(TOOLS)/uv test-programs lint launcher ## Install what the tests need and run all of them
	cargo test --workspace --no-fail-fast
	$(MAKE) --no-print-directory python-tests

.PHONY: check
check: lint ## The inner loop: format, lints, tests that need no component
	cargo test --workspace --lib --bins

.PHONY: lint
lint: ## Format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: python-tests
python-tests: $(TOOLS)/uv ## The tests of the Python scripts and of the example
	$(PYTHON) -m unittest discover -q -s template-builder/tests/python -p 'test_*.py'

.PHONY: corpus
corpus: ## Read a folder of real files and compare with gcloud's verdicts: make corpus DIR=…
	@test -n "$(DIR)" || { echo "error: no folder is named" >&2; echo "hint: make corpus DIR=…" >&2; exit 1; }
	cargo run --quiet -p tmpl-template --example corpus -- "$(DIR)"

.PHONY: fuzz
fuzz: ## Fuzz every reader for FUZZ_SECONDS=60 each (installs cargo-fuzz the first time)
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	for target in spec metadata parameters flag_values project; do \
	  mkdir -p fuzz/corpus/$$target; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- -dict=fuzz/format.dict -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done

.PHONY: bench
bench: $(TOOLS)/uv bench-programs release launcher ## Measure beside peers; prints the table of benches/README.md
	$(PYTHON) benches/bench.py target/release/tmpl .bench
	$(PYTHON) benches/launcher.py $(LAUNCHER)-amd64
	cargo bench -p tmpl-template --bench format
	cargo bench -p tmpl-bucket --bench template_list

.PHONY: licences
licences: ## Check every dependency's licence (installs cargo-deny the first time)
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check licenses bans sources

LAUNCHER := target/launcher/launcher-linux
# No C compiler for another machine is needed: Rust brings musl and a linker along, and the launcher has no C code.
LAUNCHER_FLAGS := -C linker=rust-lld -C link-self-contained=yes -C target-feature=+crt-static

.PHONY: launcher launcher-arm64
launcher: ## Build the launcher of images, one static file: target/launcher/launcher-linux-amd64
	$(call build_launcher,x86_64,amd64)
launcher-arm64: ## The same for arm64
	$(call build_launcher,aarch64,arm64)

# The launcher for an architecture, by Rust's name and by that of images.
define build_launcher
@command -v rustup >/dev/null || { echo "error: rustup is not installed" >&2; echo "hint: https://rustup.rs" >&2; exit 1; }
rustup --quiet target add $(1)-unknown-linux-musl
RUSTFLAGS="$(LAUNCHER_FLAGS)" cargo build --release --package tmpl-launcher --bin launcher --target $(1)-unknown-linux-musl
mkdir -p $(dir $(LAUNCHER))
cp target/$(1)-unknown-linux-musl/release/launcher $(LAUNCHER)-$(2)
endef

.PHONY: release
release:
	cargo build --release --bin tmpl

.PHONY: clean
clean: ## Remove what was built here
	rm -rf target .tools .demo .bench

# uv, in an environment of its own.
$(TOOLS)/uv: Makefile
	@command -v $(PYTHON) >/dev/null || { echo "error: python3 is not installed" >&2; echo "hint: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call install,python3-venv)
	$(PYTHON) -m venv $(TOOLS)/venv
	$(TOOLS)/venv/bin/pip install --quiet uv==$(UV_VERSION)
	@touch $@

.PHONY: test-programs bench-programs
test-programs:
	@$(foreach pair,$(TEST_PROGRAMS),command -v $(firstword $(subst :, ,$(pair))) >/dev/null || $(call install,$(lastword $(subst :, ,$(pair))));)
bench-programs:
	@$(foreach pair,$(BENCH_PROGRAMS),command -v $(firstword $(subst :, ,$(pair))) >/dev/null || $(call install,$(lastword $(subst :, ,$(pair))));)

# Installs a Debian package, or says which one is missing.
define install
{ if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
  echo "installing the Debian package $(1)"; \
  $$sudo apt-get -q update >/dev/null && $$sudo apt-get -qy install --no-install-recommends $(1) >/dev/null || \
  { echo "error: the package $(1) is missing and could not be installed" >&2; echo "hint: apt-get install $(1)" >&2; exit 1; }; }
endef
