// Package shout stands for a vendored module: it lies in vendor/, and is imported by its own path.
package shout

import "strings"

// Loud returns the text in capital letters.
func Loud(text string) string {
	return strings.ToUpper(text)
}
