//go:build never

// Package csrc is here so that go mod vendor takes the C along.
package csrc
