package factory

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// generated makes a shape of n steps named s0, s1, … whose parents a function
// tells; the names are short so that 10,000 steps fit into a template.
func generated(name string, n int, parents func(i int) []int) Shape {
	shape := Shape{Name: fmt.Sprintf("%s_%d", name, n), Steps: make([]Step, n)}
	for i := range n {
		shape.Steps[i].Name = fmt.Sprintf("s%d", i)
		for _, p := range parents(i) {
			shape.Steps[i].Parents = append(shape.Steps[i].Parents, fmt.Sprintf("s%d", p))
		}
	}
	return shape
}

// Chain is n steps in a line.
func Chain(n int) Shape {
	return generated("chain", n, func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{i - 1}
	})
}

// FanOut is one root with n-1 children.
func FanOut(n int) Shape {
	return generated("fan_out", n, func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{0}
	})
}

// FanIn is n-1 roots with one child, the last step.
func FanIn(n int) Shape {
	return generated("fan_in", n, func(i int) []int {
		if i < n-1 || n == 1 {
			return nil
		}
		all := make([]int, n-1)
		for p := range all {
			all[p] = p
		}
		return all
	})
}

// Isolated is n steps without an edge.
func Isolated(n int) Shape { return generated("isolated", n, func(int) []int { return nil }) }

// Branching is a tree of n steps in which each step has up to branching
// children.
func Branching(n, branching int) Shape {
	return generated("branching", n, func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{(i - 1) / branching}
	})
}

// Layered is n steps in layers of the given width; each step has up to parents
// distinct parents in the layer before, chosen by the seed.
func Layered(seed uint64, n, width, parents int) Shape {
	source := rand.New(rand.NewPCG(seed, 1))
	return generated("layered", n, func(i int) []int {
		layer := i / width
		if layer == 0 {
			return nil
		}
		first := (layer - 1) * width
		return chosen(source, min(parents, width), width, func(k int) int { return first + k })
	})
}

// Random is n steps in which each has up to three distinct parents among those
// before it, chosen by the seed.
func Random(seed uint64, n int) Shape {
	source := rand.New(rand.NewPCG(seed, 2))
	return generated("random", n, func(i int) []int {
		if i == 0 {
			return nil
		}
		return chosen(source, source.IntN(min(i, 3)+1), i, func(k int) int { return k })
	})
}

// chosen draws count distinct numbers below n, in order, mapped by at.
func chosen(source *rand.Rand, count, n int, at func(int) int) []int {
	var picked []int
	for len(picked) < count {
		if p := at(source.IntN(n)); !slices.Contains(picked, p) {
			picked = append(picked, p)
		}
	}
	slices.Sort(picked)
	return picked
}
