// Package nested has its C in a folder of its own.
package nested

// #include "csrc/twice.c"
import "C"

// Twice returns the double of a value.
func Twice(value int) int { return int(C.twice(C.int(value))) }
