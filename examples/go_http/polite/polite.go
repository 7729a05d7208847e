// Package polite imports greet, whose tests import it in turn.
package polite

import "example.com/http/greet"

// Please returns the greeting, politely.
func Please() string {
	return greet.Greeting() + " Please."
}
