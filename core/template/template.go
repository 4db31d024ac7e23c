package template

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/tasker-systems/tasker-core-go/core/backoff"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Template is a checked template with its defaults filled in. It is read-only
// once returned and may be used concurrently; its slices are its own.
type Template struct {
	// Namespace, Name and Version identify the task type.
	Namespace, Name, Version string
	// Description of the task type, one line, empty when none is given.
	Description string
	// HandlerClass and ModuleNamespace name the task's class in a host that has
	// such classes; the engine itself does without.
	HandlerClass, ModuleNamespace string
	// DefaultDependentSystem is the system of steps that name none; empty when
	// the template has none either.
	DefaultDependentSystem string
	// Concurrent is false when the steps of a task run one at a time (D12).
	Concurrent bool
	// Priority of the tasks, higher first, -1000 to 1000.
	Priority int
	// TimeoutSeconds is the handler deadline of steps that state none.
	TimeoutSeconds int
	// Backoff is the wait policy of steps that state none; the zero Policy means
	// the engine's own.
	Backoff backoff.Policy
	// Schema is the JSON Schema of the context, nil when there is none.
	Schema workflow.JSON
	// Steps in the order of declaration; at least one.
	Steps []Step

	schema *schema // Schema compiled, set by Parse and FromJSON
}

// Step is one step of a template with the template's defaults filled in.
type Step struct {
	// Name is unique within the template.
	Name string
	// Description is one line; the name when none is given.
	Description string
	// DependentSystem is the system that the step acts on.
	DependentSystem string
	// DependsOn names the parents, each once: depends_on_step, then
	// depends_on_steps. Nil for a root.
	DependsOn []string
	// Retryable is false when a failure is final.
	Retryable bool
	// RetryLimit counts attempts in total; 0 and 1 both mean one attempt (D3).
	RetryLimit int
	// Skippable steps may be bypassed when a task is created (D12).
	Skippable bool
	// TimeoutSeconds is the handler's deadline, 1 to 86400.
	TimeoutSeconds int
	// Backoff is the wait policy; the zero Policy means the engine's own.
	Backoff backoff.Policy
	// HandlerClass names the handler in a host that has such classes.
	HandlerClass string
	// HandlerConfig is a JSON object handed to the handler as it is; nil when the
	// step has none.
	HandlerConfig workflow.JSON
}

// Policy returns the step's wait policy, or the fallback when it names none.
func (s *Step) Policy(fallback backoff.Policy) backoff.Policy {
	if s.Backoff == (backoff.Policy{}) {
		return fallback
	}
	return s.Backoff
}

// Step returns the step of that name, nil when there is none.
func (t *Template) Step(name string) *Step {
	for i := range t.Steps {
		if t.Steps[i].Name == name {
			return &t.Steps[i]
		}
	}
	return nil
}

// canonical is the stored form: the keys of a template text, every default
// written out, in a fixed order.
type canonical struct {
	Name                   string          `json:"name"`
	Namespace              string          `json:"namespace_name"`
	Version                string          `json:"version"`
	Description            string          `json:"description,omitempty"`
	HandlerClass           string          `json:"task_handler_class,omitempty"`
	ModuleNamespace        string          `json:"module_namespace,omitempty"`
	DefaultDependentSystem string          `json:"default_dependent_system,omitempty"`
	Concurrent             bool            `json:"concurrent"`
	Priority               int             `json:"priority"`
	TimeoutSeconds         int             `json:"timeout_seconds"`
	Backoff                *backoff.Policy `json:"backoff,omitempty"`
	Schema                 workflow.JSON   `json:"schema,omitempty"`
	Steps                  []canonicalStep `json:"step_templates"`
}

type canonicalStep struct {
	Name            string          `json:"name"`
	Description     string          `json:"description"`
	HandlerClass    string          `json:"handler_class,omitempty"`
	DependentSystem string          `json:"dependent_system"`
	DependsOn       []string        `json:"depends_on_steps,omitempty"`
	Retryable       bool            `json:"default_retryable"`
	RetryLimit      int             `json:"default_retry_limit"`
	Skippable       bool            `json:"skippable"`
	TimeoutSeconds  int             `json:"timeout_seconds"`
	Backoff         *backoff.Policy `json:"backoff,omitempty"`
	HandlerConfig   workflow.JSON   `json:"handler_config,omitempty"`
}

// JSON returns the canonical form, an object that FromJSON reads back: the
// environment merged, defaults written out, handler configurations and schema
// with key order and number text kept. Equal templates give equal bytes as long
// as they come from texts; a database may reorder keys, see Digest.
func (t *Template) JSON() workflow.JSON {
	out := canonical{
		Name: t.Name, Namespace: t.Namespace, Version: t.Version, Description: t.Description,
		HandlerClass: t.HandlerClass, ModuleNamespace: t.ModuleNamespace,
		DefaultDependentSystem: t.DefaultDependentSystem, Concurrent: t.Concurrent, Priority: t.Priority,
		TimeoutSeconds: t.TimeoutSeconds, Backoff: given(t.Backoff), Schema: t.Schema,
		Steps: make([]canonicalStep, len(t.Steps)),
	}
	for i, s := range t.Steps {
		out.Steps[i] = canonicalStep{
			Name: s.Name, Description: s.Description, HandlerClass: s.HandlerClass,
			DependentSystem: s.DependentSystem, DependsOn: s.DependsOn, Retryable: s.Retryable,
			RetryLimit: s.RetryLimit, Skippable: s.Skippable, TimeoutSeconds: s.TimeoutSeconds,
			Backoff: given(s.Backoff), HandlerConfig: s.HandlerConfig,
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil // only a Template made by hand can hold a configuration that is no JSON
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// given returns nil for the zero policy.
func given(p backoff.Policy) *backoff.Policy {
	if p == (backoff.Policy{}) {
		return nil
	}
	return &p
}

// Digest is the SHA-256, in lower-case hex, of the canonical form with keys
// sorted and numbers reduced. It stays the same when jsonb has reordered keys or
// rewritten numbers, so it tells whether a stored template is this one.
func (t *Template) Digest() string {
	n, err := readJSON(t.JSON(), &problems{})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(n.normal())
	return hex.EncodeToString(sum[:])
}

// Equal reports whether two templates mean the same.
func (t *Template) Equal(other *Template) bool { return t.Digest() == other.Digest() }

// CompareVersions orders two versions by semantic version, so that 1.10.0 comes
// after 1.9.0. Leading zeros, which stored versions may have, do not count.
func CompareVersions(a, b string) int { return semver.Compare(semantic(a), semantic(b)) }

// semantic turns a stored version into the form that package semver takes.
func semantic(version string) string {
	parts := strings.Split(version, ".")
	for i, p := range parts {
		if parts[i] = strings.TrimLeft(p, "0"); parts[i] == "" {
			parts[i] = "0"
		}
	}
	return "v" + strings.Join(slices.Clip(parts), ".")
}
