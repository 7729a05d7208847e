# `make` alone lists what there is. All that is made lies in .venv and .work, both git-ignored.

ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
IN := cd "$(ROOT)" &&
SOURCES := $(shell find "$(ROOT)/generator" "$(ROOT)/templates" "$(ROOT)/toolchains" -type f -not -name '*.pyc')
USER_VENV := $(ROOT)/.venv
DEV_VENV := $(ROOT)/.work/dev
LOCKS := $(ROOT)/.ci/locks
DEV_PYTHON := .work/dev/bin/python
BAZEL ?= 4.2.3
RUNS ?= 100000
KILLS ?= 200

.PHONY: help demo test e2e e2e-all e2e-ci remote reproduce kills strangers strangers-add truth fuzz lint bench generated bazel clean

help:
	@echo 'make demo                 set everything up, build a C program in three link modes, audit it, print a table'
	@echo 'make test                 the tests that need a few minutes: all but the whole end-to-end matrix'
	@echo 'make e2e CASE=c_zlib      one example in every mode on one Bazel (CASE: a folder of examples/, or all;'
	@echo '                          BAZEL=4.2.3, 7.7.1, 7.7.1-workspace or a path), with its table'
	@echo 'make e2e-all              every example on Bazel 4.2.3, and on 7.7.1 with bzlmod and with WORKSPACE'
	@echo 'make e2e-ci               as much of it as CI has time for'
	@echo 'make remote CASE=c_zlib   one example on real remote execution servers, and where each action ran (CASE, BAZEL as above)'
	@echo 'make reproduce CASE=c_zlib  one built by rounds that share nothing, and whether the bytes are the same'
	@echo 'make kills KILLS=200      fetch and exec, killed at 200 random moments each, and then a clean run'
	@echo 'make strangers            other people'\''s projects by linkmode, and the table of them (NAME=xz: one; strangers-add: a new one)'
	@echo 'make truth                linkmode audit against readelf, scanelf, lddtree, file and auditwheel, on all ELF files here'
	@echo 'make fuzz RUNS=100000     the audit under a fuzzer that coverage guides (atheris, where it has a wheel)'
	@echo 'make lint                 ruff, mypy and buildifier'
	@echo 'make bench                the benchmarks'
	@echo 'make generated            write again what is generated and committed: the examples'\'' locks and trees'
	@echo 'make bazel                install both Bazels that the tests use (Debian; root or sudo)'
	@echo 'make clean                remove .work and .venv'

demo: $(USER_VENV)/stamp
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) .venv/bin/python tests/e2e/demo.py

test: $(DEV_VENV)/stamp
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) .ci/packages bubblewrap qemu-user-static binutils
	@$(IN) PATH="$(ROOT)/.work/npm/node_modules/.bin:$$PATH" $(DEV_PYTHON) -m pytest $(PYTEST)

e2e: $(DEV_VENV)/stamp
	@test -n "$(CASE)" || { echo 'which one? make e2e CASE=c_zlib, CASE=cpp_zig or CASE=all' >&2; exit 2; }
	@$(IN) $(DEV_PYTHON) tests/e2e/run_case.py "$(CASE)" "$(BAZEL)"

e2e-all: $(DEV_VENV)/stamp bazel
	@$(IN) .ci/packages bubblewrap chromium qemu-user-static binutils libfaketime
	@$(IN) LINKMODE_E2E_BAZEL='4.2.3 7.7.1 7.7.1-workspace' $(DEV_PYTHON) -m pytest tests/e2e tests/exec $(PYTEST)

# What an hour of CI has no room for, and `make e2e-all` runs: what `make test` has run on 4.2.3 just before, what must hold on
# any Bazel but is asked of one, and of most languages all but one compiler on one Bazel.
LEFT_OUT_OF_CI := not (4.2.3 and (test_cases or test_wrong_mode or test_graalvm or test_lazy or test_reproduce \
        or test_malloc or test_tutorial)) \
    and not (7.7.1-workspace and (test_remote or test_reproduce or test_features or native or cpp_zig or test_go \
        or test_graalvm or test_ocaml or test_rust or test_malloc or test_tutorial)) \
    and not (7.7.1 and (test_reproduce or rust_native_gcc or go_http_gcc)) \
    and not (test_remote and (cpp_zig or 4.2.3)) and not (test_malloc and cpp_zig) and not test_malloc_languages \
    and not test_install and not test_zig_lines and not (test_exec_builds and zig) \
    and not (test_go and (go_http-4.2.3 or (go_http-7.7.1 and sandbox))) \
    and not (test_rust and (rust_native-4.2.3 or rust_native_gcc or rustc_has_a_libc)) \
    and not (test_sbcl and (7.7.1 or sbcl_tool-4.2.3)) \
    and not (test_ocaml and (4.2.3 or ocaml_fserv-7.7.1 or 4_14 or gcc_5_4)) and not test_without \
    and not test_gmp and not test_dune_static and not ((test_ocaml or test_sbcl) and empty_sandbox) \
    and not (test_features and not c_zlib-7.7.1) \
    and not (c_zlib_native and (test_remote or test_wrong_mode or test_reproduce))

e2e-ci: $(DEV_VENV)/stamp bazel
	@$(IN) .ci/packages bubblewrap chromium qemu-user-static binutils libfaketime
	@$(IN) LINKMODE_E2E_BAZEL='4.2.3 7.7.1 7.7.1-workspace' $(DEV_PYTHON) -m pytest tests/e2e tests/exec \
	    -k '$(LEFT_OUT_OF_CI)' --durations=40 $(PYTEST)

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
	@$(IN) $(DEV_PYTHON) tests/strangers/run.py $(NAME)

strangers-add: $(DEV_VENV)/stamp
	@test -n "$(PACKAGE)" || { echo 'which one? make strangers-add PACKAGE=pypi:psutil=7.2.2' >&2; exit 2; }
	@$(IN) $(DEV_PYTHON) tests/strangers/add.py "$(PACKAGE)" $(if $(FILE),--file "$(FILE)")

kills: $(DEV_VENV)/stamp
	@$(IN) LINKMODE_KILLS=$(KILLS) $(DEV_PYTHON) -m pytest -k killed tests/fault $(PYTEST)

truth: $(DEV_VENV)/stamp
	@$(IN) .ci/packages binutils file gcc libc6-dev pax-utils python3-pyelftools
	@$(IN) LINKMODE_TRUTH=full $(DEV_PYTHON) -m pytest -rP tests/truth $(PYTEST)

fuzz: $(DEV_VENV)/stamp
	@$(IN) $(DEV_PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' \
	    || echo 'no atheris for this Python: nothing is fuzzed' >&2
	@$(IN) LINKMODE_FUZZ=$(RUNS) $(DEV_PYTHON) -m pytest tests/fuzz $(PYTEST)

lint: $(DEV_VENV)/stamp
	@$(IN) .work/dev/bin/ruff check
	@$(IN) .work/dev/bin/ruff format --check
	@$(IN) .work/dev/bin/mypy
	@$(IN) .ci/buildifier

bench: $(DEV_VENV)/stamp
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) $(DEV_PYTHON) benchmarks/run.py

generated: $(DEV_VENV)/stamp
	@$(IN) for example in examples/*/; do (cd $$example && "$(ROOT)/.work/dev/bin/linkmode" lock && \
	    { ! test -e third_party/linkmode || "$(ROOT)/.work/dev/bin/linkmode" generate; }); done

bazel:
	@$(IN) tests/e2e/bazel/install 4
	@$(IN) tests/e2e/bazel/install 7

clean:
	@$(IN) chmod -R u+w .work/output .work/pytest 2>/dev/null || true
	$(IN) rm -rf .venv .work

# As a user installs it, a wheel, but with what the lock says and not what the index has today.
$(USER_VENV)/stamp: $(ROOT)/pyproject.toml $(LOCKS)/run.txt $(SOURCES)
	@$(IN) .ci/venv .venv run --force-reinstall .
	@touch $@

# As a developer does: the checkout itself, with all that tests and linters need.
$(DEV_VENV)/stamp: $(ROOT)/pyproject.toml $(LOCKS)/dev.txt
	@$(IN) .ci/venv .work/dev dev --editable .
	@touch $@
