// Package template reads task templates: the YAML or JSON files that say which
// steps a task has, what each waits for, and how each is retried.
//
// Parse reports every problem of a text at once, each with its path, line and
// column. Checked templates have a canonical JSON form that the database keeps;
// CheckContext judges a task's context by the template's schema; Analyse
// describes and draws the graph; Load reads a directory.
//
// # Keys
//
// A template of the Rails engine is accepted as it is. Task level: name*,
// step_templates*, namespace_name (canonical; namespace is an alias), version,
// description, task_handler_class, module_namespace, default_dependent_system,
// concurrent, named_steps, schema, environments, and of our own priority,
// timeout_seconds, backoff. Step level: name*, description, handler_class,
// dependent_system, default_retryable, default_retry_limit, skippable,
// depends_on_step, depends_on_steps, handler_config, timeout_seconds, backoff.
// Starred keys are required; null means absent. The values of custom_events and,
// at task level, handler_config and configuration have no effect, as they have
// none there.
//
// backoff is a map of strategy (exponential, linear, constant, none),
// base_seconds, multiplier, max_seconds, jitter, hint_max_seconds. A step's is laid
// upon the template's, a template's upon backoff.Default; without either the
// engine's own policy holds.
//
// # Where it differs from the Rails engine
//
// Handler classes are optional. Duplicate step names, unknown dependencies,
// cycles, templates without steps, unknown keys, invalid schemas, names in
// named_steps without a step, and environments that override steps which do not
// exist are problems here, where the Rails engine finds them late or never. YAML
// is read by its 1.2 core schema: yes and on are texts.
package template
