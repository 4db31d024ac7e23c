package identity_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/identity"
)

// A caller that knows what makes its requests the same gives a key.
func ExampleKey() {
	key, err := identity.Key(identity.Request{Strategy: identity.ByKey, Key: "order-42"})
	fmt.Println(key, err)
	// Output: key:order-42 <nil>
}
