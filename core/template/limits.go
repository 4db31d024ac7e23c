package template

// The limits of a template. Lengths are counted in characters, as the columns
// of the database count them (templates sheet, section 7).
const (
	// MaxBytes is the size of a template's text: a thousand times a usual one.
	MaxBytes = 1 << 20
	// MaxStoredBytes is the size of a canonical form, which repeats the defaults
	// in every step and writes out what the text abbreviates by aliases.
	MaxStoredBytes = 32 << 20
	// MaxExpandedBytes is the size after aliases are written out. Without it a
	// few hundred bytes of nested aliases would unfold to gigabytes.
	MaxExpandedBytes = 4 << 20
	// MaxDepth is the nesting of lists and maps in a text.
	MaxDepth = 64
	// MaxMapKeys is the number of keys in one YAML block map; the parser's cost
	// grows with its square.
	MaxMapKeys = 2000
	// MaxSteps is the number of steps of one template.
	MaxSteps = 10_000
	// MaxEnvironments is the number of environments; each is checked in full.
	MaxEnvironments = 64
	// MaxProblems is the number of problems that an error lists.
	MaxProblems = 1000
	// MaxCycles is the number of cycles that an error shows.
	MaxCycles = 20
	// MaxNumberSpan bounds the digits of a number with its exponent written out:
	// the numeric type behind jsonb takes 16,383 digits after the point.
	MaxNumberSpan = 16_000
	// MaxDefaults is the number of values that one context may receive from its
	// schema; only a schema whose defaults contain themselves comes near.
	MaxDefaults = 10_000

	// MaxName is the length of a task's name, a namespace and a dependent system.
	MaxName = 64
	// MaxStepName is the length of a step's name.
	MaxStepName = 128
	// MaxVersion is the length of a version.
	MaxVersion = 16
	// MaxDescription is the length of a description.
	MaxDescription = 255
	// MaxRetryLimit bounds default_retry_limit, the attempts in total.
	MaxRetryLimit = 10_000
	// MaxTimeoutSeconds bounds timeout_seconds: one day.
	MaxTimeoutSeconds = 86_400
	// MaxPriority bounds priority on both sides of zero.
	MaxPriority = 1000
)

// The values of what a template leaves out.
const (
	// DefaultNamespace is the namespace of a template that names none.
	DefaultNamespace = "default"
	// DefaultVersion is the version of a template that states none.
	DefaultVersion = "0.1.0"
	// DefaultDependentSystem is the system of a step when neither it nor its
	// template names one.
	DefaultDependentSystem = "unknown"
	// DefaultRetryLimit is the number of attempts in total.
	DefaultRetryLimit = 3
	// DefaultTimeoutSeconds is the deadline of a handler.
	DefaultTimeoutSeconds = 300
)
