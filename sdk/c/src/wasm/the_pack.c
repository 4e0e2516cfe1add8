#include "the_pack.h"

const lanner_pack *lanner_get_pack(void)
{
	return &lanner_the_pack;
}
