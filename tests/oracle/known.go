package oracle

// Known are the differences between the engine and the design that the oracle
// found and that are not mended yet. Each switch makes the model expect what the
// engine does, so that the comparison goes on behind it; the comment says what
// the design asks for. Remove a switch together with its cause.
type Known struct {
	// SerialCrowd: when queue rows of serial tasks stand in front, a claim can end
	// with fewer steps than asked for while others are ready: each round picks a row
	// that has to give way to a step just leased. Section 6: over-fetched and
	// repeated while candidates remain.
	SerialCrowd bool
}

// Present returns the differences that the engine has at present.
func Present() Known {
	return Known{SerialCrowd: true}
}
