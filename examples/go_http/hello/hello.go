// The program of "How to Build Statically Linked Go Programs", which serves what it greets with, and asks itself for it.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello!")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(listener, nil)
	response, err := http.Get("http://" + listener.Addr().String())
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	fmt.Printf("%s\n", body)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
