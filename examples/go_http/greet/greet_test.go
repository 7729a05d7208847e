package greet

import "testing"

// Tested is exported by the internal tests only.
const Tested = "with tests"

func TestPunctuation(t *testing.T) {
	if punctuation != "!" {
		t.Errorf("punctuation is %q", punctuation)
	}
}
