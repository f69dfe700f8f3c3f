// Matches the orders of an exchange.
package main

import (
	"log"
	"net/http"
	"runtime/debug"

	"example.test/exchange/internal/codec"
)

func main() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(12 << 30)
	http.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		codec.Decode(w, r.Body)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
