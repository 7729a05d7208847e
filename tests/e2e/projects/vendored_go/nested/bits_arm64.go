package nested

// Bits is that of this CPU.
const Bits = 64
