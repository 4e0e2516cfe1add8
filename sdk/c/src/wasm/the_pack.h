/// The pack that is exported.
#pragma once

#include <lanner/pack.h>

#ifdef __cplusplus
extern "C" {
#endif

const lanner_pack *lanner_get_pack(void);

#ifdef __cplusplus
}
#endif
