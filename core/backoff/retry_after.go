package backoff

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// dateLayouts are the three forms of an HTTP date that a recipient must accept.
// All of them are in GMT.
var dateLayouts = []string{
	"Mon, 02 Jan 2006 15:04:05 GMT",
	"Monday, 02-Jan-06 15:04:05 GMT",
	"Mon Jan _2 15:04:05 2006",
}

// RetryAfter reads the value of a Retry-After header: whole seconds or an HTTP
// date, of which it returns the seconds from now, rounded up and at least 0
// (orchestration sheet, section 7). Anything else, a blank value included, is an
// InvalidRequest: the caller falls back to the curve. A number too large to
// hold is the largest 32-bit one; Wait caps it.
func RetryAfter(header string, now time.Time) (int, error) {
	value := strings.Trim(header, " \t")
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return math.MaxInt32, nil
		}
		return int(seconds), nil
	}
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, value); err == nil {
			seconds := math.Ceil(at.Sub(now).Seconds())
			return int(min(max(seconds, 0), math.MaxInt32)), nil
		}
	}
	return 0, fault.New(fault.InvalidRequest, "Retry-After is neither a number of seconds nor an HTTP date").
		At("retry_after").
		Advise("send digits such as 120, or a date such as Wed, 21 Oct 2026 07:28:00 GMT")
}
