package main

import (
	"database/sql"
	"fmt"
	"os"

	"example.com/nested"
	"github.com/gorilla/mux"
	_ "github.com/mattn/go-sqlite3"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/net/html"
	"golang.org/x/net/http2"
	"golang.org/x/sys/unix"
)

func main() {
	var version string
	root := &cobra.Command{Use: "app", Run: func(*cobra.Command, []string) {
		db, err := sql.Open("sqlite3", ":memory:")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if err := db.QueryRow("select 'sqlite ' || (40 + 2)").Scan(&version); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		aead, _ := chacha20poly1305.New(make([]byte, 32))
		fmt.Println(version, aead.NonceSize(), html.EscapeString("<a>"), http2.NextProtoTLS, mux.NewRouter() != nil, unix.Getpid() > 0, nested.Twice(7), nested.Bits)
	}}
	if root.Execute() != nil {
		os.Exit(1)
	}
}
