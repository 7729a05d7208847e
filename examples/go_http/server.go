// An HTTP server that asks itself, looks up a user, and compresses by a C library.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"strings"

	"example.com/http/greet"
	"example.com/http/pack"
)

var version = "none"

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, greet.Greeting())
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(listener, nil)
	response, err := http.Get("http://" + listener.Addr().String())
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	packed, err := pack.Pack(strings.Repeat(string(body), 40))
	check(err)
	known := "known"
	if _, err := user.LookupId(fmt.Sprint(os.Getuid())); err != nil {
		known = "unknown"
	}
	fmt.Printf("%s\nversion %s, sum %d, user %s, zlib %s: %d bytes packed\n",
		body, version, sum(40, 2), known, pack.Version(), packed)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
