# The demos. They need the library, a Python and a C compiler; nothing from PyPI.

# The first Python that is new enough. Looked for when it is used, not before.
PYTHON ?= $(shell for python in python3 /usr/bin/python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo "$$python" && break; done)

# A database to use instead of a new file under build/demo, for instance
# make demo DATABASE_URL=other.sqlite3
DATABASE_URL ?=

.PHONY: demo
demo: lib ## A quarter of a shop's data through two workflows, from Python (DATABASE_URL=... for another database)
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON) examples/python/demo.py $(if $(DATABASE_URL),--database '$(DATABASE_URL)')

.PHONY: demo/c
demo/c: lib | $(BOOTSTRAP_BUILD) ## A task created and worked through from C
	@mkdir -p build/demo-c
	$(CC) -std=c99 -pedantic -Wall -Wextra -Werror -Iinclude -o build/demo-c/demo examples/c/demo.c \
	  -Lbuild -ltasker_core -Wl,-rpath,$(CURDIR)/build
	@build/demo-c/demo
