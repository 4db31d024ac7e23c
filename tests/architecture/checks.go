package architecture

// Checks lists every rule, with the lengths that the allowance grants.
func Checks(allowance Allowance) []Check {
	return []Check{
		{"imports follow the table", Imports},
		{"the table grants nothing that is unused", Unused},
		{"some imports are confined to few packages", Confine},
		{"directories are named for what they provide", Names},
		{"no marker of unfinished work is left", Markers},
		{"tests are external, in their place and never skipped", External},
		{"exported names are documented", Documented},
		{"packages say what they are for", PackageComments},
		{"pure packages carry an example that runs", Examples},
		{"mutexes name what they guard", Mutexes},
		{"goroutines have an owner", Goroutines},
		{"a panic leaves no lock held", Unlocks},
		{"panics are caught in one place", Recoveries},
		{"nothing happens by importing", Initialisers},
		{"package variables never change", Mutable},
		{"files and functions stay short", Sizes(allowance)},
		{"half of all functions are under twelve lines", Median},
		{"each noun of the contract has a twin in each store", Twins},
		{"statements are named like methods", Statements},
		{"statements take time and chance as parameters", Ambient},
		{"SQL stays out of Go", Inline},
		{"migrations are numbered alike in every dialect", Migrations},
		{"header codes are the kinds of failure", Codes},
		{"header and bindings follow the operation table", Operations},
		{"each kind has one exception class", ErrorClasses},
		{"the header is the manual", Header},
	}
}
