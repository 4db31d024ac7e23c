package factory

import "math"

// Share is a part of a mix.
type Share struct {
	Shape Shape
	Part  float64
}

// StandardMix is the mix of the bulk generators (workflow-shapes sheet, section
// 9): linear first, since it takes what rounding leaves.
func StandardMix() []Share {
	return []Share{{Linear(), 0.30}, {Diamond(), 0.25}, {ParallelMerge(), 0.20}, {Tree(), 0.15}, {Mixed(), 0.10}}
}

// Rounding tells how shares of a whole become numbers.
type Rounding int

// The rules of the two systems. R rounds each share, half away from zero, and
// adds the difference of either sign to the first; P rounds down and adds the
// remainder to the first.
const (
	R Rounding = iota
	P
)

// Counts splits total by the shares.
func Counts(total int, shares []Share, rule Rounding) []int {
	counts, sum := make([]int, len(shares)), 0
	for i, share := range shares {
		part := float64(total) * share.Part
		if counts[i] = int(math.Round(part)); rule == P {
			counts[i] = int(part)
		}
		sum += counts[i]
	}
	counts[0] += total - sum
	return counts
}

// Bulk is a list of tasks to create.
type Bulk struct {
	Batch  string // told in each context, with the index, so that no two are equal
	Shapes []Shape
}

// Dataset is the workflow dataset of the sheet: 30 tasks of the standard mix.
func Dataset(batch string) Bulk { return Batch(batch, 30, R) }

// Batch is a number of tasks of the standard mix, in declaration order.
func Batch(batch string, total int, rule Rounding) Bulk {
	bulk := Bulk{Batch: batch}
	mix := StandardMix()
	for i, count := range Counts(total, mix, rule) {
		for range count {
			bulk.Shapes = append(bulk.Shapes, mix[i].Shape)
		}
	}
	return bulk
}

// Copies is the performance batch: 25 tasks of one shape.
func Copies(batch string, shape Shape) Bulk {
	bulk := Bulk{Batch: batch}
	for range 25 {
		bulk.Shapes = append(bulk.Shapes, shape)
	}
	return bulk
}

// Realistic splits n tasks as the sheet's realistic states do: 30 % complete,
// 10 % in error, the rest untouched.
func Realistic(n int) (complete, failing, untouched int) {
	complete, failing = int(math.Round(0.3*float64(n))), int(math.Round(0.1*float64(n)))
	return complete, failing, n - complete - failing
}

// HalfFailing is the shape as an erroneous task of the realistic states has it:
// the second half of its steps, at least one, fails for good when reached.
func (s Shape) HalfFailing() Shape {
	for _, name := range s.graph().Order()[len(s.Steps)-max(1, len(s.Steps)/2):] {
		s = s.With(name, func(step *Step) { step.Plan = Permanent("realistic") })
	}
	return s
}
