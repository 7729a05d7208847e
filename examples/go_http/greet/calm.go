//go:build calm

package greet

const punctuation = "."
