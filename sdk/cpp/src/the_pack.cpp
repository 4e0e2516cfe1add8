// The pack that is exported: made when it is first asked for.
#include <lanner/pack.hpp>

extern "C" const lanner_pack *lanner_get_pack(void)
{
	// It ends with the instance.
	static lanner::pack *pack = lanner_make_pack().release();

	return pack->raw();
}
