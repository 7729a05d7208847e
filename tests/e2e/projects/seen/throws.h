#pragma once

void throws(bool really);

extern "C" int is_thrown_and_caught(void);
