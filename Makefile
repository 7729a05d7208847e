# `make` alone lists what there is. All that is made lies in .venv and .work, both git-ignored.

ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
IN := cd "$(ROOT)" &&
SOURCES := $(shell find "$(ROOT)/generator" "$(ROOT)/templates" "$(ROOT)/toolchains" -type f -not -name '*.pyc')
USER_VENV := $(ROOT)/.venv
WORK := $(ROOT)/.work
DEV_VENV := $(WORK)/dev
LOCKS := $(ROOT)/.ci/locks
DEV_PYTHON := .work/dev/bin/python
BAZEL ?= 4.2.3
# a test that finds buildifier holds what it writes to that too
BUILDIFIER := PATH="$(ROOT)/.work/npm/node_modules/.bin:$$PATH"
# A file stays on one of them, for its fixtures and for its workspace of Bazel; the first is the example, which takes longest.
ON_ALL_CORES := -n auto --dist loadfile --no-loadscope-reorder
# what tests/graalvm_real is brought and compiled by
FOR_GRAALVM := maven default-jdk-headless gcc libc6-dev musl-tools zlib1g-dev
# Bazel alone leaves a core idle while it loads and analyses; a third at once would need more memory than a runner has.
# An example stays on one of them for all files that test it, and is built once (tests/support/workers.py).
ON_TWO_BAZELS := -n 2 --dist loadfile --no-loadscope-reorder
# hundreds of processes are started, and each would compile linkmode once more
export PYTHONDONTWRITEBYTECODE :=
RUNS ?= 100000
KILLS ?= 200

.PHONY: help demo test test-lowest test-newest test-clone lock e2e e2e-all e2e-ci e2e-buck2 cpus remote reproduce kills strangers strangers-add truth fuzz lint docs bench release generated bazel clean

help:
	@echo 'make demo                 set everything up, build a C program in three link modes, audit it, print a table'
	@echo 'make test                 the fast tests, and one example on a real Bazel: five minutes on two cores'
	@echo 'make test-lowest          the fast tests with the lowest versions that pyproject.toml admits'
	@echo 'make test-newest          the unit tests with the newest versions that the package index has, where the lock has others'
	@echo 'make test-clone           make test-lowest in a clone of this commit that has nothing beside it'
	@echo 'make e2e CASE=c_zlib      one example in every mode on one Bazel (CASE: a folder of examples/, or all;'
	@echo '                          BAZEL=4.2.3, 7.7.1, 7.7.1-workspace or a path), with its table'
	@echo 'make e2e-all              every example on Bazel 4.2.3, and on 7.7.1 with bzlmod and with WORKSPACE'
	@echo 'make e2e-ci               each kind of it once: what CI has time for'
	@echo 'BUCK2=/path/to/buck2 make e2e-buck2   the examples on a real buck2, which no registry carries'
	@echo 'make cpus                 two programs for every CPU and libc in every mode, run under qemu, and the table'
	@echo '                          (CPUS="--cpu armv7 --libc musl --program pack" for a part of it)'
	@echo 'make remote CASE=c_zlib   one example on real remote execution servers, and where each action ran (CASE, BAZEL as above)'
	@echo 'make reproduce CASE=c_zlib  one built by rounds that share nothing, and whether the bytes are the same'
	@echo 'make kills KILLS=200      fetch and exec, killed at 200 random moments each, and then a clean run'
	@echo 'make strangers            other people'\''s projects by linkmode, and the table of them (NAME=xz: one; strangers-add: a new one)'
	@echo 'make truth                linkmode audit against readelf, scanelf, lddtree, file and auditwheel, on all ELF files here'
	@echo 'make fuzz RUNS=100000     the audit under a fuzzer that coverage guides (atheris, where it has a wheel)'
	@echo 'make lint                 ruff, mypy, codespell, the checker of prose, and buildifier'
	@echo 'make docs                 the documentation site, in .work/site; fails on a broken link'
	@echo 'make bench                the benchmarks'
	@echo 'make release              the wheel, the sdist and our own SBOM, in .work/release: built twice, and the same bytes'
	@echo 'make lock                 write .ci/locks again (LOCK=--upgrade: by what the package index has now)'
	@echo 'make generated            write again what is generated and committed: examples, golden files, schemas, references'
	@echo 'make bazel                install both Bazels that the tests use (Debian; root or sudo)'
	@echo 'make clean                remove .work and .venv'

demo: $(USER_VENV)/stamp
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) .venv/bin/python tests/e2e/demo.py

test: $(DEV_VENV)/stamp
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) .ci/packages bubblewrap qemu-user-static binutils gcc libc6-dev
	@$(IN) $(BUILDIFIER) $(DEV_PYTHON) -m pytest -m 'fast or example' $(ON_ALL_CORES) $(PYTEST)

test-lowest: $(WORK)/lowest/stamp
	@$(IN) $(BUILDIFIER) .work/lowest/bin/python -m pytest -m fast $(ON_ALL_CORES) $(PYTEST)

# with nothing newer it would be the fast tests of make test once more
test-newest:
	@$(IN) .ci/venv .work/newest newest --editable '.[test]'
	@$(IN) .work/newest/bin/python .ci/newer.py .ci/locks/dev.txt >.work/newer.txt
	@$(IN) cat .work/newer.txt
	@$(IN) if test -s .work/newer.txt; then \
	    $(BUILDIFIER) .work/newest/bin/python -m pytest -m fast tests/unit tests/golden $(ON_ALL_CORES) $(PYTEST); \
	else echo 'the package index has nothing newer than .ci/locks/dev.txt, which make test runs with'; fi

test-clone:
	@$(IN) rm -rf .work/clone && git clone --quiet --no-local . .work/clone/linkmode
	@$(MAKE) --no-print-directory -C $(WORK)/clone/linkmode test-lowest PYTEST='$(PYTEST)'

e2e: $(DEV_VENV)/stamp
	@test -n "$(CASE)" || { echo 'which one? make e2e CASE=c_zlib, CASE=cpp_zig or CASE=all' >&2; exit 2; }
	@$(IN) test "$(CASE)" != graalvm_envmap || .ci/packages $(FOR_GRAALVM)
	@$(IN) $(DEV_PYTHON) tests/e2e/run_case.py "$(CASE)" "$(BAZEL)"

e2e-all: $(DEV_VENV)/stamp bazel
	@$(IN) .ci/packages bubblewrap ccache chromium qemu-user-static binutils libfaketime $(FOR_GRAALVM)
	@$(IN) $(DEV_PYTHON) -m pytest -m 'example or bazel or slow' $(PYTEST)

e2e-ci: $(DEV_VENV)/stamp bazel
	@$(IN) .ci/packages bubblewrap ccache chromium qemu-user-static binutils libfaketime $(FOR_GRAALVM)
	@$(IN) $(DEV_PYTHON) -m pytest -m bazel $(ON_TWO_BAZELS) --durations=40 $(PYTEST)

e2e-buck2: $(DEV_VENV)/stamp
	@test -n "$(BUCK2)" || { echo 'which one? BUCK2=/path/to/buck2 make e2e-buck2' >&2; exit 2; }
	@$(IN) .ci/packages binutils
	@$(IN) $(DEV_PYTHON) tests/e2e/run_buck2.py "$(BUCK2)"

cpus: $(DEV_VENV)/stamp bazel
	@$(IN) .ci/packages bubblewrap qemu-user-static binutils
	@$(IN) tests/e2e/bazel/install 7
	@$(IN) $(DEV_PYTHON) tests/e2e/run_cpus.py $(CPUS)

remote: $(DEV_VENV)/stamp
	@test -n "$(CASE)" || { echo 'which one? make remote CASE=c_zlib, CASE=cpp_zig or CASE=all' >&2; exit 2; }
	@$(IN) .ci/packages bubblewrap
	@$(IN) $(DEV_PYTHON) tests/e2e/run_remote.py "$(CASE)" "$(BAZEL)"

reproduce: $(DEV_VENV)/stamp
	@test -n "$(CASE)" || { echo 'which one? make reproduce CASE=c_zlib, CASE=cpp_zig or CASE=all' >&2; exit 2; }
	@$(IN) .ci/packages bubblewrap libfaketime
	@$(IN) $(DEV_PYTHON) tests/e2e/run_reproduce.py "$(CASE)" "$(BAZEL)"

strangers: $(DEV_VENV)/stamp
	@$(IN) .ci/packages bubblewrap cmake meson ninja-build autoconf automake libtool pkgconf
	@$(IN) $(DEV_PYTHON) tests/strangers/run.py $(if $(RECORD),--record) $(NAME)

strangers-add: $(DEV_VENV)/stamp
	@test -n "$(PACKAGE)" || { echo 'which one? make strangers-add PACKAGE=pypi:psutil=7.2.2' >&2; exit 2; }
	@$(IN) $(DEV_PYTHON) tests/strangers/add.py "$(PACKAGE)" $(if $(FILE),--file "$(FILE)")

kills: $(DEV_VENV)/stamp
	@$(IN) LINKMODE_KILLS=$(KILLS) $(DEV_PYTHON) -m pytest -m kills -n auto $(PYTEST)

truth: $(DEV_VENV)/stamp
	@$(IN) .ci/packages binutils file gcc libc6-dev pax-utils python3-pyelftools
	@$(IN) LINKMODE_TRUTH=full LINKMODE_PARITY=full $(DEV_PYTHON) -m pytest -rP tests/truth tests/parity $(PYTEST)

fuzz: $(DEV_VENV)/stamp
	@$(IN) $(DEV_PYTHON) -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
	    --requirement .ci/locks/fuzz.txt || echo 'no atheris for this Python: nothing is fuzzed' >&2
	@$(IN) LINKMODE_FUZZ=$(RUNS) $(DEV_PYTHON) -m pytest tests/fuzz $(PYTEST)

lint: $(DEV_VENV)/stamp
	@$(IN) .work/dev/bin/ruff check
	@$(IN) .work/dev/bin/ruff format --check
	@$(IN) .work/dev/bin/mypy
	@$(IN) .work/dev/bin/codespell
	@$(IN) $(DEV_PYTHON) docs/site/prose.py
	@$(IN) .ci/buildifier

docs: $(DEV_VENV)/stamp
	@$(IN) NO_MKDOCS_2_WARNING=1 .work/dev/bin/mkdocs build --strict
	@echo 'the site is .work/site/index.html'

bench: $(DEV_VENV)/stamp
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) $(DEV_PYTHON) benchmarks/run.py

release: $(DEV_VENV)/stamp
	@$(IN) rm -rf .work/release
	@$(IN) $(DEV_PYTHON) .ci/release.py .work/release

lock:
	@$(IN) .ci/lock $(LOCK)

generated: $(DEV_VENV)/stamp
	@$(IN) $(DEV_PYTHON) -m pytest -q tests/golden --update-golden
	@$(IN) for example in examples/*/; do (cd $$example && "$(ROOT)/.work/dev/bin/linkmode" lock && \
	    { ! test -e third_party/linkmode || "$(ROOT)/.work/dev/bin/linkmode" generate; }); done
	@$(IN) $(DEV_PYTHON) docs/site/references.py

bazel:
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) tests/e2e/bazel/install rules

clean:
	@$(IN) chmod -R u+w .work/output .work/pytest 2>/dev/null || true
	$(IN) rm -rf .venv .work

# As a user installs it, a wheel, but with what the lock says and not what the index has today.
$(USER_VENV)/stamp: $(ROOT)/pyproject.toml $(LOCKS)/run.txt $(SOURCES)
	@$(IN) .ci/venv .venv run .
	@touch $@

$(WORK)/lowest/stamp: $(ROOT)/pyproject.toml $(LOCKS)/lowest.txt
	@$(IN) .ci/venv .work/lowest lowest --editable .
	@touch $@

# As a developer does: the checkout itself, with all that tests and linters need.
$(DEV_VENV)/stamp: $(ROOT)/pyproject.toml $(LOCKS)/dev.txt
	@$(IN) .ci/venv .work/dev dev --editable .
	@touch $@
