package nested

import "example.com/nested/only"

// Bits is that of this CPU.
const Bits = only.Bits
