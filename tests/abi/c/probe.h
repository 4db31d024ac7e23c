/* The operation of the test builds (capi/probe.c), for programs that link them. */
#ifndef TASKER_TEST_PROBE_H
#define TASKER_TEST_PROBE_H

#include <tasker_core.h>

#define TASKER_OP_PROBE 0x7000

int32_t tasker_probe(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply);

#endif
