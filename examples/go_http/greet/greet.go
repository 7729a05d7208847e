// Package greet says hello, to whom a file says that was embedded.
package greet

import (
	_ "embed"
	"strings"

	"example.com/shout"
)

//go:embed names/default.txt
var name string

// Greeting returns the greeting.
func Greeting() string {
	return shout.Loud("hello") + ", " + strings.TrimSpace(name) + punctuation
}
