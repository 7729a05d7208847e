#pragma once

#include <string>
#include <vector>

inline std::vector<std::string> deep() { return {"deep"}; }
