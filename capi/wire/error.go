package wire

import (
	"errors"
	"maps"

	"github.com/goccy/go-json"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// errorBody is the inside of an error reply.
type errorBody struct {
	Code      fault.Kind     `json:"code"`
	Message   string         `json:"message"`
	Details   map[string]any `json:"details"`
	Retryable bool           `json:"retryable"`
}

// internalMessage stands for the text of an error that is not ours, which can
// hold anything.
const internalMessage = "internal error; the library's log has the details (engine_logs_poll)"

// ErrorReply writes the reply of a call that failed:
//
//	{"error": {"code", "message", "details": {"path", "remedy", "problems", …}, "retryable"}}
//
// Causes stay out of it: no SQL, password or stack trace leaves the library.
func ErrorReply(err error) []byte {
	body := errorBody{Code: fault.KindOf(err), Message: internalMessage, Details: map[string]any{}, Retryable: fault.Retryable(err)}
	var f *fault.Error
	if errors.As(err, &f) {
		body.Message = f.Message
		maps.Copy(body.Details, f.Details)
		if f.Path != "" {
			body.Details["path"] = f.Path
		}
		if f.Remedy != "" {
			body.Details["remedy"] = f.Remedy
		}
		if len(f.Problems) > 0 {
			body.Details["problems"] = f.Problems
		}
	}
	out, failure := marshal(body)
	if failure != nil {
		body.Details = map[string]any{} // a detail that JSON cannot hold must not hide the error itself
		if out, failure = marshal(body); failure != nil {
			return []byte(`{"error":{"code":"internal","message":"the error cannot be written","details":{},"retryable":false}}`)
		}
	}
	return out
}

func marshal(body errorBody) ([]byte, error) {
	return json.MarshalWithOption(map[string]errorBody{"error": body}, json.DisableHTMLEscape())
}
