package workflow

// Merged returns base with the keys of over laid upon it: objects are merged key
// by key, at any depth; everything else, null too, replaces what was there.
func Merged(base, over JSON) JSON {
	if !base.IsObject() || !over.IsObject() {
		return over
	}
	changes := map[string]JSON{}
	var added []string
	over.Each(func(key string, value JSON) {
		if _, twice := changes[key]; !twice {
			added = append(added, key)
		}
		changes[key] = value
	})
	merged := JSON{'{'}
	put := func(key string, value JSON) {
		if len(merged) > 1 {
			merged = append(merged, ',')
		}
		merged = append(append(AppendQuoted(merged, key), ':'), value...)
	}
	base.Each(func(key string, value JSON) {
		if change, changed := changes[key]; changed {
			value = Merged(value, change)
			delete(changes, key)
		}
		put(key, value)
	})
	for _, key := range added {
		if value, left := changes[key]; left {
			put(key, value)
		}
	}
	return append(merged, '}')
}
