package conformance

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func annotationPromises() []promise {
	return []promise{
		{"annotations come back by task and id, with every digit", annotationRoundTrip},
		{"a type is created once and found again", annotationTypes},
		{"a type longer than its column is refused", longAnnotationType},
	}
}

// annotate stores annotations.
func (f *fixture) annotate(notes ...store.NewAnnotation) (stored []workflow.Annotation) {
	f.Helper()
	f.write(func(tx store.Tx) { stored = must(tx.AnnotationInsert(f.ctx, notes))(f) })
	require.Len(f, stored, len(notes))
	return stored
}

func annotationRoundTrip(f *fixture) {
	a, b := f.job("a", 1), f.job("b", 1)
	value := workflow.JSON(`{"z": 1.50, "a": 12345678901234567890, "é": "\"quoted\""}`)
	stored := f.annotate(
		store.NewAnnotation{TaskID: b.task, Type: "note", Value: value, At: noon},
		store.NewAnnotation{TaskID: a.task, Type: "mark", Value: workflow.JSON(`7`), At: noon},
		store.NewAnnotation{TaskID: b.task, Type: "mark", Value: workflow.JSON(`"x"`), At: noon})
	f.read(func(r store.Reader) {
		found := must(r.AnnotationListByTask(f.ctx, []int64{b.task, a.task, 999}))(f)
		want := []workflow.Annotation{stored[1], stored[0], stored[2]}
		for i := range found {
			found[i].Value, want[i].Value = plain(f, found[i].Value), plain(f, want[i].Value)
		}
		require.Equal(f, want, found)
		require.Empty(f, must(r.AnnotationListByTask(f.ctx, nil))(f))
	})
}

func annotationTypes(f *fixture) {
	j := f.job("a", 1)
	note := func(name string) store.NewAnnotation {
		return store.NewAnnotation{TaskID: j.task, Type: name, Value: workflow.JSON(`1`), At: noon}
	}
	first := f.annotate(note("one"), note("two"), note("one"))
	require.Equal(f, first[0].TypeID, first[2].TypeID)
	require.NotEqual(f, first[0].TypeID, first[1].TypeID)
	require.Less(f, first[0].ID, first[1].ID)
	again := f.annotate(note("two"), note("three"))
	require.Equal(f, first[1].TypeID, again[0].TypeID)
	require.Equal(f, max(first[0].TypeID, first[1].TypeID)+1, again[1].TypeID, "finding burns no id")
}

func longAnnotationType(f *fixture) {
	j := f.job("a", 1)
	long := strings.Repeat("x", 65)
	err := f.store.Write(f.ctx, func(tx store.Tx) error {
		_, err := tx.AnnotationInsert(f.ctx, []store.NewAnnotation{{TaskID: j.task, Type: long, Value: workflow.JSON(`1`), At: noon}})
		return err
	})
	require.Error(f, err)
}
