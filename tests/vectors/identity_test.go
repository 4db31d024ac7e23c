package vectors_test

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/identity"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// identityVector is one example of the identity hash. The task is named order;
// what the attributes leave out has the defaults of the Rails engine.
type identityVector struct {
	Title      string `json:"title"`
	Zone       string `json:"app_time_zone"`
	Attributes struct {
		Context      workflow.JSON    `json:"context"`
		Initiator    string           `json:"initiator"`
		SourceSystem string           `json:"source_system"`
		Reason       string           `json:"reason"`
		BypassSteps  []string         `json:"bypass_steps"`
		Tags         []string         `json:"tags"` // which are no part of the hash
		RequestedAt  workflow.Instant `json:"requested_at"`
	} `json:"attributes"`
	HashedText   string `json:"hashed_text"`
	IdentityHash string `json:"identity_hash"`
}

// hash returns the text that is hashed, and the hash.
func (v *identityVector) hash() (text []byte, hash string, err error) {
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return nil, "", err
	}
	a := &v.Attributes
	r := identity.Request{Strategy: identity.Hash, Namespace: "default", Name: "order", Version: "0.1.0",
		Initiator: cmp.Or(a.Initiator, "unknown"), SourceSystem: cmp.Or(a.SourceSystem, "unknown"),
		Reason: cmp.Or(a.Reason, "unknown"), Context: a.Context, BypassSteps: a.BypassSteps, RequestedAt: a.RequestedAt, Zone: zone}
	if text, err = identity.HashedText(r); err != nil {
		return nil, "", err
	}
	hash, err = identity.Key(r)
	return text, hash, err
}

// create creates the vector's task and returns the identity hash that the
// database has. Each has a template with the steps that are bypassed.
func (v *identityVector) create(t testing.TB, open factory.OpenFunc) string {
	lab := factory.NewLab(t, open)
	zone, err := time.LoadLocation(v.Zone)
	require.NoError(t, err)
	lab.IdentityZone = zone
	shape := factory.Shape{Name: "order", Steps: []factory.Step{{Name: "only"}}}
	for _, name := range v.Attributes.BypassSteps {
		shape.Steps = append(shape.Steps, factory.Step{Name: name, Skippable: true})
	}
	lab.Register(shape)
	a := &v.Attributes
	reply, err := lab.CreateTask(context.Background(), engine.CreateTaskRequest{NewTask: engine.NewTask{
		Name: "order", Context: a.Context, Initiator: a.Initiator, SourceSystem: a.SourceSystem, Reason: a.Reason, Tags: a.Tags,
		BypassSteps: a.BypassSteps, RequestedAt: a.RequestedAt, IdentityStrategy: "hash"}})
	require.NoError(t, err)
	found, err := lab.GetTask(context.Background(), engine.GetTaskRequest{TaskID: reply.TaskID})
	require.NoError(t, err)
	return found.IdentityHash
}

// problems tells where the vector is not reproduced.
func (v *identityVector) problems(t testing.TB, open factory.OpenFunc) []string {
	text, hash, err := v.hash()
	switch {
	case err != nil:
		return []string{err.Error()}
	case string(text) != v.HashedText:
		return []string{"hashed_text: " + string(text)}
	case hash != v.IdentityHash:
		return []string{"identity_hash: " + hash}
	}
	if hash = v.create(t, open); hash != v.IdentityHash {
		return []string{"identity_hash of the stored task: " + hash}
	}
	return nil
}
