// Shows clients their orders.
package main

import (
	"database/sql"
	"log"
	"net/http"
)

func main() {
	orders, err := sql.Open("pgx", "")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		rows, _ := orders.QueryContext(r.Context(), "SELECT id FROM orders")
		defer rows.Close()
	})
	http.HandleFunc("DELETE /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		orders.ExecContext(r.Context(), "DELETE FROM orders WHERE id = $1", r.PathValue("id"))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
