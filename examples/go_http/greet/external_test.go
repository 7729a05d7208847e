package greet_test

import (
	"fmt"
	"os"
	"testing"

	"example.com/http/greet"
	"example.com/http/pack"
)

func TestPackedGreeting(t *testing.T) {
	packed, err := pack.Pack(greet.Greeting())
	if err != nil || packed == 0 {
		t.Errorf("%d bytes, %v", packed, err)
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
