package engine

import (
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// page checks a page request.
func (p PageRequest) page(descending bool) (store.Page, error) {
	if p.Limit != 0 {
		if err := checkRange("limit", int64(p.Limit), 1, store.MaxPage); err != nil {
			return store.Page{}, err
		}
	}
	return store.Page{After: p.After, Limit: p.Limit, Descending: descending}, checkRange("after", p.After, 0, 1<<62)
}

// cursor returns the id to continue after, nil when the page was not full.
func cursor(ids []int64, page store.Page) *int64 {
	if len(ids) < page.Capped() {
		return nil
	}
	return &ids[len(ids)-1]
}

// optional returns a filter value, nil for the empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
