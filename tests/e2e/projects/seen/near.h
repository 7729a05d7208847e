#pragma once

#include "seen/deep.h"

inline int near() { return static_cast<int>(deep().size()); }
