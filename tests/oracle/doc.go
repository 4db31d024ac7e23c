// Package oracle compares the engine with a model of its contract. The model is
// written from the design sheet (sections 4 to 6) and the documented requests and
// replies, not from the engine's code; where it says "D4" or "section 6" it means
// that sheet. It shares no code with the engine but the names of states.
//
// rapid draws sequences of operations. Each database under test is a party with a
// model of its own, since a claim may legally choose among several steps and the
// model then follows that choice. After every operation all that can be observed
// is compared.
package oracle
