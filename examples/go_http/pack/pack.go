// Package pack compresses by zlib, through a C file of its own.
package pack

/*
#cgo LDFLAGS: -lz
#include <stdlib.h>
#include "pack.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Version returns that of the zlib which was linked.
func Version() string {
	return C.GoString(C.pack_version())
}

// Pack returns how many bytes the text takes when it is compressed.
func Pack(text string) (int, error) {
	data := C.CString(text)
	defer C.free(unsafe.Pointer(data))
	size := C.pack_size(data, C.long(len(text)))
	if size < 0 {
		return 0, fmt.Errorf("zlib: error %d", size)
	}
	return int(size), nil
}
