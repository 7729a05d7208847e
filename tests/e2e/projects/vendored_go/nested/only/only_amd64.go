// Package only is for one CPU.
package only

// Bits is that of this CPU.
const Bits = 64
