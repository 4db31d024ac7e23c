package architecture_test

import (
	"maps"
	"strings"
)

// allSabotage lists the bad trees by the name of the rule that each breaks.
func allSabotage() map[string][]bad {
	all := map[string][]bad{}
	for _, part := range []map[string][]bad{layoutSabotage(), codeSabotage(), sizeSabotage(), sqlSabotage(), surfaceSabotage()} {
		maps.Copy(all, part)
	}
	return all
}

func layoutSabotage() map[string][]bad {
	const ours = "github.com/tasker-systems/tasker-core-go/"
	return map[string][]bad{
		"imports follow the table": {
			one("core/graph/graph.go", "package graph\nimport _ \""+ours+"core/store\"\n", "core/graph may not import core/store"),
			one("core/engine/a.go", "package engine\nimport _ \""+ours+"core/store/sqlite\"\n", "may not import core/store/sqlite"),
			one("core/graph/graph.go", "package graph\nimport _ \"example.org/x\"\n", "may not import the module of example.org/x"),
			one("core/graph/graph.go", "package graph\nimport _ \""+ours+"tests/factory\"\n", "nothing outside tests/"),
			one("core/graph/example_test.go", "package graph_test\nimport _ \""+ours+"core/engine\"\n", "may not import core/engine"),
			one("core/planner/plan.go", "package planner\n", "core/planner is not in the import table"),
		},
		"the table grants nothing that is unused": {
			one("core/identity/key.go", "package identity\nimport _ \"fmt\"\n", "grants module github.com/google/uuid"),
		},
		"some imports are confined to few packages": {
			one("core/engine/a.go", "package engine\nimport \"C\"\n", "C belongs to capi only"),
			one("capi/session/a.go", "package session\nimport \"C\"\n", "C belongs to capi only"),
			one("tests/abi/a.go", "package abi\nimport \"C\"\n", "C belongs to capi only"),
			one("core/engine/a.go", "package engine\nimport _ \"encoding/json\"\n", "encoding/json belongs to"),
			one("core/engine/a.go", "package engine\nimport _ \"modernc.org/sqlite\"\n", "modernc.org/sqlite belongs to"),
		},
		"directories are named for what they provide": {
			one("core/utils/a.go", "package utils\n", "core/utils: a directory is named"),
			one("core/common/deep/a.go", "package deep\n", "core/common: a directory is named"),
			one("core/timeutil/a.go", "package timeutil\n", "core/timeutil: a directory is named"),
		},
		"no marker of unfinished work is left": {
			one("core/graph/a.go", "package graph\n\n// TO"+"DO later\n", "core/graph/a.go:3: leftover marker"),
			one("scripts/tool", "# FIX"+"ME\n", "scripts/tool:1"),
			one("core/store/sqlite/a.sql", "-- XX"+"X\n", "a.sql:1"),
		},
		"tests are external, in their place and never skipped": {
			one("tests/graph/a_test.go", "package graph\n", "tests are external packages"),
			one("core/graph/a_test.go", "package graph_test\n", "tests live under tests/"),
			one("tests/graph/a_test.go", "package graph_test\nfunc f(t T) { t.Skip() }\n", "may not skip itself"),
		},
	}
}

func codeSabotage() map[string][]bad {
	return map[string][]bad{
		"exported names are documented": {
			one("core/graph/a.go", "package graph\nfunc Bare() {}\n", "Bare has no comment"),
			one("core/graph/a.go", "package graph\ntype Bare int\n", "type Bare has no comment"),
			one("core/graph/a.go", "package graph\n// T is.\ntype T[K any] struct{}\nfunc (t *T[K]) Bare() {}\n", "Bare has no comment"),
			one("core/graph/a.go", "package graph\nconst Bare = 1\n", "Bare has no comment"),
			one("core/graph/a.go", "package graph\n// I is.\ntype I interface{ Bare() }\n", "I.Bare has no comment"),
		},
		"packages say what they are for": {
			one("core/graph/a.go", "package graph\n", "core/graph: the package has no comment"),
		},
		"pure packages carry an example that runs": {
			one("core/graph/a.go", "package graph\n", "core/graph: a pure package has an Example"),
			{map[string]string{
				"core/graph/a.go":            "package graph\n",
				"core/graph/example_test.go": "package graph_test\nfunc Example() {}\n",
			}, "core/graph: a pure package has an Example"},
		},
		"mutexes name what they guard": {
			one("core/batch/a.go", "package batch\nimport \"sync\"\ntype b struct{ mu sync.RWMutex }\n", "names what it guards"),
		},
		"goroutines have an owner": {
			one("core/engine/a.go", "package engine\nfunc f() {\n\t// Nobody waits.\n\tgo f()\n}\n", "core/engine may not start goroutines"),
			one("core/batch/a.go", "package batch\nfunc f() {\n\tgo f()\n}\n", "who owns this goroutine"),
		},
		"a panic leaves no lock held": {
			one("core/batch/a.go", "package batch\nfunc f() {\n\tb.mu.Lock()\n\tg()\n\tb.mu.Unlock()\n}\n", "defer b.mu.Unlock() stands"),
			one("core/batch/a.go", "package batch\nfunc f() {\n\tb.mu.RLock()\n\tdefer b.mu.Unlock()\n}\n", "defer b.mu.RUnlock() stands"),
			one("core/batch/a.go", "package batch\nfunc f() {\n\tswitch {\n\tcase true:\n\t\tmu.Lock()\n\t}\n}\n", "defer mu.Unlock() stands"),
		},
		"panics are caught in one place": {
			one("core/batch/a.go", "package batch\nfunc f() {\n\tdefer func() { recover() }()\n}\n", "use core/barrier"),
		},
		"nothing happens by importing": {
			one("core/graph/a.go", "package graph\nfunc init() {}\n", "no init"),
		},
		"package variables never change": {
			one("core/graph/a.go", "package graph\nvar count int\n", "count is not an error"),
			one("core/graph/a.go", "package graph\nvar cache = make(map[int]int)\n", "cache is not an error"),
			one("core/graph/a.go", "package graph\nvar t = &T{}\n", "t is not an error"),
			one("core/graph/a.go", "package graph\nvar names = []string{}\nfunc f() { names = nil }\n", "names is changed"),
			one("core/graph/a.go", "package graph\nvar names = []string{}\nfunc f() { names[0] = \"\" }\n", "names is changed"),
			one("core/graph/a.go", "package graph\nvar ids = map[int]int{}\nfunc f() { ids[1]++ }\n", "ids is changed"),
			one("core/graph/a.go", "package graph\nvar ids = map[int]int{}\nfunc f() { delete(ids, 1) }\n", "ids is changed"),
			{map[string]string{
				"core/graph/a.go": "package graph\nvar names = []string{}\n",
				"core/graph/b.go": "package graph\nfunc f() { names[0] = \"\" }\n",
			}, "b.go:2"},
		},
	}
}

// lines is text of n lines after a head.
func lines(head string, n int) string { return head + strings.Repeat("\n", n) }

func sizeSabotage() map[string][]bad {
	function := func(n int) string { return "func f() {" + strings.Repeat("\n", n-1) + "}\n" }
	return map[string][]bad{
		"files and functions stay short": {
			one("core/graph/a.go", lines("package graph", 401), "core/graph/a.go: 401 lines"),
			one("core/graph/a.go", lines("package graph", 601), "no file may pass 600"),
			one("bindings/python/a.py", lines("", 401), "a.py: 401 lines"),
			one("core/graph/a.go", "package graph\n"+function(71), "core/graph/a.go f: 71 lines"),
			one("capi/a.c", lines("int f(void)\n{", 80)+"}\n", "capi/a.c f: 82 lines"),
			one("core/graph/old.go", lines("package graph", 411), "grew from 410 to 411"),
			one("core/graph/old.go", lines("package graph", 405), "shrank to 405"),
			one("core/graph/old.go", lines("package graph", 12), "core/graph/gone.go: is within the limit"),
		},
		"half of all functions are under twelve lines": {
			one("core/graph/a.go", "package graph\n"+function(12), "the median function has 12 lines"),
		},
	}
}

func sqlSabotage() map[string][]bad {
	contract := "package store\ntype T interface{ TaskGet() }\n"
	return map[string][]bad{
		"each noun of the contract has a twin in each store": {
			{map[string]string{"core/store/task.go": contract, "core/store/sqlite/step.sql": ""}, "core/store/task.go has no twin"},
		},
		"statements are named like methods": {
			{map[string]string{"core/store/task.go": contract, "core/store/sqlite/task.sql": "-- name: TaskDrop\n"}, "TaskDrop is named like no method"},
			{map[string]string{"core/store/task.go": contract, "core/store/sqlite/task.sql": "SELECT 1;\n"}, "SQL before the first"},
			{map[string]string{
				"core/store/task.go":         contract,
				"core/store/sqlite/task.sql": "-- name: TaskGet\n",
				"core/store/sqlite/step.sql": "-- name: TaskGet\n",
			}, "TaskGet is already in"},
			{map[string]string{
				"core/store/task.go":           contract,
				"core/store/sqlite/task.sql":   "-- name: TaskGet\n",
				"core/store/postgres/task.sql": "-- name: TaskGetAll\n-- only: reason\n",
			}, "sqlite/task.sql: statement TaskGet is missing in core/store/postgres"},
		},
		"statements take time and chance as parameters": {
			one("core/store/sqlite/task.sql", "-- name: A\nSELECT now();\n", `"now("`),
			one("core/store/sqlite/task.sql", "-- name: A\nSELECT Current_Timestamp;\n", `"Current_Timestamp"`),
			one("core/store/sqlite/task.sql", "-- name: A\nORDER BY random();\n", `"random("`),
			one("core/store/sqlite/task.sql", "-- name: A\nSELECT datetime('now');\n", `"'now'"`),
		},
		"SQL stays out of Go": {
			{map[string]string{
				"core/store/sqlite/a.go":  "package sqlite\nconst q = `\n  SELECT a FROM b`\n",
				"core/store/sqlite/a.sql": "",
			}, "belongs to a .sql file"},
		},
		"migrations are numbered alike in every dialect": {
			one("migrations/sqlite/0001_a.sql", "-- +goose Up\n", "+goose Down"),
			one("migrations/sqlite/first.sql", "", "is named 0001_"),
			one("migrations/sqlite/0002_a.sql", "", "number 0002 where 1 is due"),
			{map[string]string{"migrations/sqlite/0001_a.sql": "", "migrations/postgres/0001_b.sql": ""}, "differ by number or name"},
		},
	}
}

// change is the good tree with one text replaced.
func change(name, before, after, want string) bad {
	files := maps.Clone(good)
	files[name] = strings.Replace(files[name], before, after, 1)
	return bad{files, want}
}

func surfaceSabotage() map[string][]bad {
	const (
		header = "include/tasker_core.h"
		python = "bindings/python/src/tasker_core/"
	)
	return map[string][]bad{
		"header codes are the kinds of failure": {
			change(header, "#define TASKER_E_INTERNAL 2\n", "", "TASKER_E_INTERNAL is \"\""),
			change(header, "TASKER_E_INTERNAL 2", "TASKER_E_INTERNAL 3", "fault.Kinds says 2"),
			change(header, "/*", "#define TASKER_E_ODD 9\n/*", "TASKER_E_ODD is no kind"),
		},
		"header and bindings follow the operation table": {
			change(header, "tasker_task_get(", "tasker_task_fetch(", "prototype tasker_task_get is missing"),
			change(header, "tasker_task_get(", "tasker_task_fetch(", "prototype tasker_task_fetch is one too many"),
			change("capi/wire/operations.go", "task_get", "taskget", "taskget is not noun_verb"),
			change(python+"operations.py", "def task_get(", "def task_set(", "operation task_get is missing"),
		},
		"each kind has one exception class": {
			change(python+"errors.py", `code = "not_found"`, `code = "lost"`, "code not_found is missing"),
		},
		"the header is the manual": {
			change(header, " */\nTASKER_API int32_t tasker_open", " */\n\nint x;\nTASKER_API int32_t tasker_open", "commented prototype tasker_open is missing"),
			change(header, "/*", strings.Repeat("\n", 40)+"/*", "at least 60 in 100"),
		},
	}
}
