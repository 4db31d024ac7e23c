package insight

// quotient is n divided by d, rounded to a whole number, halves away from zero,
// as the database rounds. d is positive. It is exact: no binary fraction gets in
// before the rounding.
func quotient(n, d int64) int64 {
	if n < 0 {
		return -quotient(-n, d)
	}
	whole, rest := n/d, n%d
	if rest >= d-rest {
		whole++
	}
	return whole
}

// percent is part of whole in percent with two decimals, 0 of nothing.
func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(quotient(10_000*part, whole)) / 100
}

// seconds is the mean of count durations that add up to so many microseconds,
// in seconds with three decimals, 0 of none.
func seconds(microseconds, count int64) float64 {
	if count == 0 {
		return 0
	}
	return float64(quotient(microseconds, 1000*count)) / 1000
}

// score is good of good and bad with three decimals, 1 of nothing.
func score(good, bad int64) float64 {
	if good+bad == 0 {
		return 1
	}
	return float64(quotient(1000*good, good+bad)) / 1000
}
