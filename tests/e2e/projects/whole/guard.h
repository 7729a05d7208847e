// Throws std::runtime_error("negative") below zero.
void guard(int value);
