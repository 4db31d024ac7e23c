// Package factory makes workflows for tests: the shapes and failure plans of the
// workflow-shapes sheet under their exact names, DAGs by seed and size, bulk
// mixes, and tasks driven through the engine to any point of their life.
//
// Nothing here writes rows that the engine could not have written, and
// everything is a function of its arguments: the same seed gives the same
// template, the same failures and the same order. Nothing is safe for concurrent
// use unless it says so.
package factory
