/// @file
/// All that a pack needs: write rules for Lanner in C.
#pragma once

#include "cbor.h"
#include "event.h"
#include "filter.h"
#include "finding.h"
#include "matching.h"
#include "memory.h"
#include "pack.h"
#include "print.h"
