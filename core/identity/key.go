// Package identity computes the text by which a task is recognised as a
// duplicate of another: the identity_hash column, unique over all tasks and at
// most 128 characters long.
package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Strategy says what makes two task requests the same (design, D16).
type Strategy string

// The strategies.
const (
	// Default gives every request a random UUID: no two are the same.
	Default Strategy = "default"
	// Hash makes requests of the same content within the same minute the same.
	Hash Strategy = "hash"
	// ByKey makes requests with the same key of the caller's the same, whatever
	// else they say and whichever task they name.
	ByKey Strategy = "key"
)

// LengthMax is the width of the column in characters.
const LengthMax = 128

// The prefixes of keys. They differ from each other before the caller's text
// begins, and neither a UUID nor a hash starts with them, so that no two
// strategies can give the same text.
const (
	keyPrefix    = "key:"
	digestPrefix = "keyhash:"
)

// Request is what an identity is made of.
type Request struct {
	Strategy     Strategy // empty counts as Default
	Key          string   // the caller's idempotency key, for ByKey
	Namespace    string
	Name         string // name of the named task
	Version      string
	Initiator    string // as stored, defaults filled in
	SourceSystem string
	Reason       string
	Context      workflow.JSON // as sent, with its key order; nil counts as null
	BypassSteps  []string
	RequestedAt  workflow.Instant
	// Zone is the host application's time zone, in which the Rails engine writes
	// the minute of RequestedAt; nil is UTC.
	Zone *time.Location
	// IncludeNamespaceVersion adds namespace and version to a hash, which the
	// Rails engine leaves out so that equal names in two namespaces collide.
	IncludeNamespaceVersion bool
}

// Key returns the identity of the request:
//
//   - Default: a random UUID.
//   - Hash: the SHA-256 in lower-case hexadecimals of the text of HashedText.
//   - ByKey: "key:" and the key; if that is longer than 128 characters,
//     "keyhash:" and the SHA-256 of the key in lower-case hexadecimals.
//
// An unknown strategy, a key that is empty or holds NUL or is not UTF-8, and a
// context that is not JSON are an InvalidRequest.
func Key(r Request) (string, error) {
	switch r.Strategy {
	case "", Default:
		id, err := uuid.NewRandom()
		if err != nil {
			return "", fault.Wrap(fault.Internal, err, "no random numbers can be had")
		}
		return id.String(), nil
	case Hash:
		text, err := HashedText(r)
		if err != nil {
			return "", err
		}
		return digest(text), nil
	case ByKey:
		return callersKey(r.Key)
	}
	return "", fault.New(fault.InvalidRequest, "there is no identity strategy %q", r.Strategy).
		At("identity_strategy").Advise("use default, hash or key")
}

func callersKey(key string) (string, error) {
	if key == "" || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return "", fault.New(fault.InvalidRequest, "an idempotency key is a text without NUL").
			At("identity_key").Advise("give a key, or use the strategy default or hash")
	}
	if stored := keyPrefix + key; utf8.RuneCountInString(stored) <= LengthMax {
		return stored, nil
	}
	return digestPrefix + digest([]byte(key)), nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// HashedText returns the JSON text that the strategy Hash hashes, byte for byte
// as the Rails engine writes it (queries sheet, section 6): fixed key order, no
// spaces, the minute of the request alone, and the context as canonical
// describes. A context that is not JSON is an InvalidRequest with the offset.
func HashedText(r Request) ([]byte, error) {
	fields := []struct{ name, value string }{{"name", r.Name}}
	if r.IncludeNamespaceVersion {
		fields = append(fields, struct{ name, value string }{"namespace", r.Namespace},
			struct{ name, value string }{"version", r.Version})
	}
	fields = append(fields, struct{ name, value string }{"initiator", r.Initiator},
		struct{ name, value string }{"source_system", r.SourceSystem})
	out := []byte{'{'}
	for _, f := range fields {
		out = append(appendText(append(appendText(out, f.name), ':'), f.value), ',')
	}
	out = append(out, `"context":`...)
	out, err := canonical(out, r.Context.Or("null"))
	if err != nil {
		return nil, err
	}
	out = appendText(append(out, `,"reason":`...), r.Reason)
	out = append(out, `,"bypass_steps":[`...)
	for i, name := range r.BypassSteps {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, name)
	}
	out = append(out, `],"requested_at":`...)
	return append(appendText(out, r.minute()), '}'), nil
}

// minute is the request's time as the Rails engine hashes it.
func (r *Request) minute() string {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	return r.RequestedAt.In(zone).Format("2006-01-02 15:04")
}
