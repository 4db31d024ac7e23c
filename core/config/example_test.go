package config_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/config"
)

func ExampleLoad() {
	c, err := config.Load([]byte(`{"worker": {"lease_seconds": 30}}`), map[string]string{"TASKER_DATABASE_URL": "sqlite::memory:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Location.Path, c.Worker.Lease(), c.Worker.Heartbeat())
	_, err = config.Load([]byte(`{"worker": {"lease_second": 30}}`), nil)
	fmt.Println(err)
	// Output:
	// :memory: 30s 10s
	// invalid_request at worker.lease_second: worker.lease_second is not a known setting
}
