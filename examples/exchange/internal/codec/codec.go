// Package codec reads the exchanges' binary format.
package codec

// #include "itch.h"
import "C"

import (
	"io"
)

// Decode writes the orders in a frame.
func Decode(w io.Writer, frame io.Reader) {
	buffer, _ := io.ReadAll(frame)
	C.itch_decode((*C.char)(C.CBytes(buffer)), C.size_t(len(buffer)))
}
