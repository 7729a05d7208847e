#pragma once

inline std::string half() { return "half"; }
