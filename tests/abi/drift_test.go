package abi_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is the text of a file of the repository.
func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	require.NoError(t, err)
	return string(text)
}

// first is what the pattern's group matches in a file.
func first(t *testing.T, name, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(source(t, name))
	require.NotNil(t, match, "%s has no %s", name, pattern)
	return match[1]
}

func TestTheVersionOfTheInterfaceIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	want := first(t, "include/tasker_core.h", `#define TASKER_ABI_VERSION (\d+)`)
	require.Equal(t, want, first(t, "mk/library.mk", `(?m)^VERSION := (\d+)\.`))
	for name, pattern := range map[string]string{
		"bindings/python/src/tasker_core/_native.py": `ABI_VERSION = (\d+)`,
		"bindings/ruby/lib/tasker_core/native.rb":    `ABI_VERSION = (\d+)`,
		"bindings/node/src/native.js":                `ABI_VERSION = (\d+)`,
	} {
		require.Equal(t, want, first(t, name, pattern), name)
	}
	library, err := elf.Open(filepath.Join(library(t, ""), "libtasker_core.so"))
	require.NoError(t, err)
	defer func() { require.NoError(t, library.Close()) }()
	names, err := library.DynString(elf.DT_SONAME)
	require.NoError(t, err)
	require.Equal(t, []string{"libtasker_core.so." + want}, names)
}

// newer reports whether version a is newer than b, both like 2.34.
func newer(t *testing.T, a, b string) bool {
	t.Helper()
	parts := func(version string) []int {
		var numbers []int
		for part := range strings.SplitSeq(version, ".") {
			number, err := strconv.Atoi(part)
			require.NoError(t, err, version)
			numbers = append(numbers, number)
		}
		return numbers
	}
	return slices.Compare(parts(a), parts(b)) > 0
}

func TestVersionsAreComparedByNumber(t *testing.T) {
	t.Parallel()
	require.True(t, newer(t, "2.34", "2.9"))
	require.True(t, newer(t, "2.2.5", "2.2"))
	require.False(t, newer(t, "2.34", "2.34"))
}

// The floor is written once, in mk/library.mk; packages take it from the pkg-config
// file.
func TestTheLibraryNeedsNoNewerCLibraryThanItSays(t *testing.T) {
	t.Parallel()
	floor := first(t, "mk/library.mk", `(?m)^GLIBC := (\S+)$`)
	library, err := elf.Open(filepath.Join(library(t, ""), "libtasker_core.so"))
	require.NoError(t, err)
	defer func() { require.NoError(t, library.Close()) }()
	symbols, err := library.ImportedSymbols()
	require.NoError(t, err)
	needed := "0"
	for _, symbol := range symbols {
		if version, ours := strings.CutPrefix(symbol.Version, "GLIBC_"); ours {
			require.False(t, newer(t, version, floor), "%s is of glibc %s, and the floor is %s", symbol.Name, version, floor)
			if newer(t, version, needed) {
				needed = version
			}
		}
	}
	require.NotEqual(t, "0", needed, "no symbol of the C library was looked at")
	t.Logf("glibc %s is needed, the floor is %s", needed, floor)
}

func TestTheLibraryNeedsNoLibraryButTheCLibrary(t *testing.T) {
	t.Parallel()
	library, err := elf.Open(filepath.Join(library(t, ""), "libtasker_core.so"))
	require.NoError(t, err)
	defer func() { require.NoError(t, library.Close()) }()
	needed, err := library.ImportedLibraries()
	require.NoError(t, err)
	for _, name := range needed {
		require.Regexp(t, `^(libc|libpthread|libdl|libresolv|libm|ld-linux-[a-z0-9-]+)\.so\.\d+$`, name)
	}
}

// widths are how the bindings and the header name what crosses: by width alone,
// since that is what a wrong declaration gets wrong.
var widths = map[string]string{
	"uint64_t": "u64", "tasker_engine": "u64", "uint32_t": "u32", "int32_t": "i32", "size_t": "size", "void": "void",
	"uint64": "u64", "uint32": "u32", "int32": "i32", "pointer": "ptr", "buffer_in": "ptr", "string": "ptr", "str": "ptr", "void *": "ptr",
	"ctypes.c_uint64": "u64", "ctypes.c_uint32": "u32", "ctypes.c_int32": "i32", "ctypes.c_size_t": "size", "None": "void",
	"ctypes.c_char_p": "ptr", "ctypes.c_void_p": "ptr",
}

// signature writes a result and parameters by their widths.
func signature(t *testing.T, result string, parameters ...string) string {
	t.Helper()
	var list []string
	for _, p := range append([]string{result}, parameters...) {
		width, known := widths[strings.TrimSpace(p)]
		require.True(t, known, "%q is no type that is known here", p)
		list = append(list, width)
	}
	return strings.Join(list, " ")
}

// prototypes are the functions of the header by their widths. A pointer is one
// whatever it points to; an operation stands under its name.
func prototypes(t *testing.T, header string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range regexp.MustCompile(`TASKER_API ([\w *]+?)(\*?)tasker_(\w+)\(([^)]*)\);`).FindAllStringSubmatch(header, -1) {
		typeOf := func(text string) string {
			if strings.Contains(text, "*") {
				return "void *"
			}
			words := strings.Fields(text)
			return words[0]
		}
		var parameters []string
		for parameter := range strings.SplitSeq(match[4], ",") {
			if strings.TrimSpace(parameter) != "void" {
				parameters = append(parameters, typeOf(parameter))
			}
		}
		found[match[3]] = signature(t, typeOf(match[1]+match[2]), parameters...)
	}
	return found
}

// declared reads what the bindings declare beside the operations, and as the
// operations, by one reader for each language.
var declared = map[string]func(t *testing.T, text string) map[string]string{
	"bindings/ruby/lib/tasker_core/native.rb": func(t *testing.T, text string) map[string]string {
		found := map[string]string{}
		entry := regexp.MustCompile(`(?m)^ +(?:(\w+): |(OPERATION) = )\[:(\w+), (?:%i)?\[([^\]]*)\]`)
		for _, match := range entry.FindAllStringSubmatch(text, -1) {
			parameters := strings.Fields(strings.NewReplacer(":", "", ",", " ").Replace(match[4]))
			found[match[1]+match[2]] = signature(t, match[3], parameters...)
		}
		return found
	},
	"bindings/node/src/native.js": func(t *testing.T, text string) map[string]string {
		found := map[string]string{}
		text = strings.ReplaceAll(text, "...REQUEST", "'void *', 'size_t'")
		entry := regexp.MustCompile(`(?m)^ *(?:(\w+): |const (OPERATION) = )\['([\w *]+)', \[([^\]]*)\]\]`)
		for _, match := range entry.FindAllStringSubmatch(text, -1) {
			var parameters []string
			for _, quoted := range regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(match[4], -1) {
				parameters = append(parameters, quoted[1])
			}
			found[match[1]+match[2]] = signature(t, match[3], parameters...)
		}
		for _, match := range regexp.MustCompile(`(?m)^  (\w+): OPERATION,$`).FindAllStringSubmatch(text, -1) {
			found[match[1]] = found["OPERATION"]
		}
		return found
	},
	"bindings/python/src/tasker_core/_native.py": func(t *testing.T, text string) map[string]string {
		found := map[string]string{}
		text = strings.ReplaceAll(text, "*_REQUEST", "ctypes.c_char_p, ctypes.c_size_t")
		text = regexp.MustCompile(`ctypes\.POINTER\([\w.]+\)`).ReplaceAllString(text, "ctypes.c_char_p")
		entry := regexp.MustCompile(`"tasker_(\w+)": \(\s*([\w.]+),\s*\[([^\]]*)\]`)
		for _, match := range entry.FindAllStringSubmatch(text, -1) {
			found[match[1]] = signature(t, match[2], listed(match[3])...)
		}
		operation := regexp.MustCompile(`(?m)^_OPERATION.* = \[(.*)\]$`).FindStringSubmatch(text)
		require.NotNil(t, operation)
		found["OPERATION"] = signature(t, "ctypes.c_int32", listed(operation[1])...)
		return found
	},
}

// listed splits a list of names.
func listed(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// drift names the declarations that differ from the header's.
func drift(have, want map[string]string) (differing []string) {
	for name, widths := range have {
		if name == "OPERATION" {
			name = "engine_health" // all operations have its shape
		}
		if want[name] != widths {
			differing = append(differing, name)
		}
	}
	return differing
}

func TestTheDeclarationsOfTheBindingsAreThoseOfTheHeader(t *testing.T) {
	t.Parallel()
	want := prototypes(t, source(t, "include/tasker_core.h"))
	require.Equal(t, "i32 ptr size ptr ptr", want["open"])
	require.Equal(t, "ptr", want["build_info"])
	for name, read := range declared {
		have := read(t, source(t, name))
		for _, needed := range []string{"OPERATION", "open", "close", "interrupt", "wake_fd", "submit", "submit_many", "collect", "buffer_free", "abi_version"} {
			require.Contains(t, have, needed, name)
		}
		require.Empty(t, drift(have, want), name)
		// A size that is taken for 32 bits is the usual mistake.
		wrong := read(t, strings.NewReplacer("size_t", "uint32").Replace(source(t, name)))
		require.NotEmpty(t, drift(wrong, want), name)
	}
}

// A warning that names the closing alone makes readers believe that a foreign
// SQLite which stays open does no harm.
func TestEveryHostIsWarnedThatAForeignSQLiteHarmsByOpeningAndByClosing(t *testing.T) {
	t.Parallel()
	spaces := regexp.MustCompile(`[\s*]+`) // with the stars of the header's comment
	warning := regexp.MustCompile(`opens or closes the (same )?file, the (engine|library)'s locks are passed over and lost`)
	for _, name := range []string{"include/tasker_core.h", "bindings/python/README.md", "bindings/ruby/README.md", "bindings/node/README.md"} {
		text := spaces.ReplaceAllString(source(t, name), " ")
		require.True(t, warning.MatchString(text), name)
		require.True(t, strings.Contains(text, "SIGBUS") && strings.Contains(text, "foreign_opens"), name)
	}
}
