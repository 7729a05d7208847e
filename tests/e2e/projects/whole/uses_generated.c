#include "whole/generated.h"

int main(void) { return MODE_OF_GENERATOR; }
