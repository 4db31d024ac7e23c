##@ Library

# Version of the project. Its first number is TASKER_ABI_VERSION, the number in
# the soname, so the real file is named after the version, as is usual:
# libtasker_core.so -> libtasker_core.so.0 -> libtasker_core.so.0.1.0
VERSION := 0.1.0
ABI := $(firstword $(subst ., ,$(VERSION)))
COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

# The oldest glibc that the library runs with, by the symbols it uses; a test
# derives it from what was built, and packages are labelled with it.
GLIBC := 2.34

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=

# What is built, and with which build tags: the tests of the boundary build
# variants with a safeguard taken out.
LIB ?= build/libtasker_core.so
LIB_TAGS ?=

SONAME := libtasker_core.so.$(ABI)

# Only our functions are visible. Never unloaded, because Go cannot be. All
# symbols are bound at load, so a library that cannot work fails there and not in
# a call. cgo refuses these flags in a #cgo line, so they are here. The linker
# finds exports.map by LIBRARY_PATH: as a path it would be part of Go's build id.
LIB_LDFLAGS := -Wl,--version-script=exports.map,-soname,$(SONAME) \
	-Wl,-z,nodelete,-z,relro,-z,now,--no-undefined

# -s -w leaves out Go's symbol table and DWARF: a third of the size, and panics
# still name their functions. With -trimpath the file is the same wherever it is
# built; Go's build id stays, because by it go build sees that nothing changed.
LIB_FLAGS := -trimpath -buildvcs=false -buildmode=c-shared -tags '$(LIB_TAGS)' \
	-ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -extldflags '$(LIB_LDFLAGS)'"

# Always handed to go build, which knows best what is stale, but for exports.map.
# The header that cgo writes is not the interface and is removed.
.PHONY: lib
lib: | $(BOOTSTRAP_BUILD) ## Build build/libtasker_core.so
	@mkdir -p $(dir $(LIB))
	@test ! capi/exports.map -nt $(LIB) || rm -f $(LIB)
	LIBRARY_PATH=$(CURDIR)/capi go build $(LIB_FLAGS) -o $(LIB) ./capi
	@rm -f $(LIB:.so=.h)
	@ln -sf $(notdir $(LIB)) $(dir $(LIB))$(SONAME)

# The library of tests and benchmarks: one more operation, which does nothing,
# echoes, waits or panics on demand (capi/probe.c). Nothing of it is in build/.
.PHONY: lib/probe
lib/probe: ## Build build/probe/libtasker_core.so, with the operation of the tests
	@$(MAKE) --no-print-directory lib LIB=build/probe/libtasker_core.so LIB_TAGS=tasker_probe

.PHONY: lib/install
lib/install: lib ## Install header, library and pkg-config file (PREFIX, LIBDIR, INCLUDEDIR, DESTDIR)
	install -d $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 include/tasker_core.h $(DESTDIR)$(INCLUDEDIR)/tasker_core.h
	install -m 755 $(LIB) $(DESTDIR)$(LIBDIR)/libtasker_core.so.$(VERSION)
	ln -sf libtasker_core.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libtasker_core.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@GLIBC@|$(GLIBC)|' \
	  packaging/tasker_core.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/tasker_core.pc

.PHONY: generate
generate: | $(BOOTSTRAP_BUILD) ## Write what follows from the operation table: header, C, Python, reference
	@go run ./bindings/generate

.PHONY: verify
verify: | $(BOOTSTRAP_BUILD) ## Fail when a generated file is stale
	@go run ./bindings/generate -verify && echo "generated files are current"

.PHONY: test/abi
test/abi: lib ## The tests of the C boundary alone
	go test -count=1 ./tests/abi/...

# What the emulator itself does not survive (fork beside threads) or does not
# have (limits, what /proc tells) is left out.
ARM64_LEFT_OUT := fork|raw_clone|spawn|hygiene|library_threads_block_signals|absurd_lengths

.PHONY: test/arm64
test/arm64: ## The boundary on emulated arm64; needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user
	@CGO_ENABLED=1 GOARCH=arm64 CC=aarch64-linux-gnu-gcc $(MAKE) --no-print-directory lib LIB=build/arm64/libtasker_core.so \
	  LIB_LDFLAGS='$(subst exports.map,$(CURDIR)/capi/exports.map,$(LIB_LDFLAGS))'
	@aarch64-linux-gnu-gcc -std=gnu11 -D_GNU_SOURCE -Iinclude $(addprefix tests/abi/c/,main.c arguments.c engines.c stacks.c \
	  submit.c many.c fork.c hygiene.c) -o build/arm64/cases -Lbuild/arm64 -ltasker_core -pthread
	@emulate="qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=$(CURDIR)/build/arm64 $(CURDIR)/build/arm64/cases"; \
	for case in $$($$emulate --list | grep -vE '^($(ARM64_LEFT_OUT))'); do \
	  folder=$$(mktemp -d) && (cd $$folder && timeout 300 $$emulate $$case) && echo "ok   $$case" || exit 1; rm -r $$folder; \
	done
