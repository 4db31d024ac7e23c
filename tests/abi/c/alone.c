/* The header needs nothing before it, may be included twice, and agrees with
 * the operation table and the vocabulary. */
#include <tasker_core.h>
#include <tasker_core.h>

#include "operations_gen.h"

TK_SAME(sizeof(tasker_engine), 8);
TK_SAME(sizeof(tasker_buffer), sizeof(void *) + sizeof(size_t));
TK_SAME(offsetof(tasker_completion, status), 8);
TK_SAME(offsetof(tasker_completion, reply), 16);
TK_SAME(TASKER_REQUEST_MAX, 64 * 1024 * 1024);

int main(void) {
    tasker_engine engine = 0;
    tasker_buffer reply = {0, 0};
    int32_t status = tasker_open(0, 0, &engine, &reply);
    tasker_buffer_free(&reply);
    if (status == TASKER_OK) {
        status = tasker_close(engine, 0, 0, &reply);
        tasker_buffer_free(&reply);
    }
    return tasker_abi_version() == TASKER_ABI_VERSION ? status : 1;
}
