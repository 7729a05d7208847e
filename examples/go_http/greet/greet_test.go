package greet

import "testing"

func TestPunctuation(t *testing.T) {
	if punctuation != "!" {
		t.Errorf("punctuation is %q", punctuation)
	}
}
