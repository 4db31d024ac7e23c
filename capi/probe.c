//go:build tasker_probe

/*
 * probe.c: one more operation, in the libraries that tests build and in no other.
 *
 * It takes the way of every operation, named or submitted, and does nothing,
 * echoes, waits or fails on demand: so what the boundary itself costs can be
 * measured, and what a defect in the engine would leave behind can be seen.
 * capi/dispatch/probe.go documents its request.
 */
#include "front.h"

#define TASKER_OP_PROBE 0x7000

TASKER_API int32_t tasker_probe(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply);

int32_t tasker_probe(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply) {
    return tk_operation(TASKER_OP_PROBE, engine, request, request_len, reply);
}
