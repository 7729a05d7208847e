package greet_test

import (
	"fmt"
	"os"
	"testing"

	"example.com/http/greet"
	"example.com/http/pack"
	"example.com/http/polite"
)

func TestPackedGreeting(t *testing.T) {
	packed, err := pack.Pack(greet.Greeting())
	if err != nil || packed == 0 {
		t.Errorf("%d bytes, %v", packed, err)
	}
}

// What this test imports was compiled against greet as it is here, with its internal tests.
func TestPoliteGreeting(t *testing.T) {
	if got := polite.Please(); got != "HELLO, static world! Please." || greet.Tested != "with tests" {
		t.Errorf("%q, %q", got, greet.Tested)
	}
}

func TestFolderIsThePackages(t *testing.T) {
	if _, err := os.Stat("names/default.txt"); err != nil {
		t.Error(err)
	}
}

func ExampleGreeting() {
	fmt.Println(greet.Greeting())
	// Output: HELLO, static world!
}
