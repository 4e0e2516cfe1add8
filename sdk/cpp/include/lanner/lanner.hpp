/// @file
/// All that a pack needs: write rules for Lanner in C++17.
#pragma once

#include "cbor.hpp"
#include "filter.hpp"
#include "generated.hpp"
#include "matching.hpp"
#include "pack.hpp"
#include "print.hpp"
#include "process.hpp"
#include "values.hpp"
