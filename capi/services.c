/*
 * services.c: what Go code calls in C and what must be this process's own.
 *
 * In a copy of the library (copy.c) the variable below is set, before its
 * runtime starts, to the table of the library that the host has loaded.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "front.h"

const struct tk_services tk_own_services = {
    tk_gate_enter, tk_gate_leave, tk_socket_add, tk_socket_remove, tk_pipe_open, tk_pipe_close, tk_stack_here,
};

const struct tk_services *tk_services = &tk_own_services;

#if defined(__linux__)

int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);

/* Go asks by this function for the stack that it was entered on. */
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
    void *low;
    size_t size;
    if (!tk_services->stack_here(&low, &size)) {
        return __real_pthread_getattr_np(thread, attributes);
    }
    return pthread_attr_setstack(attributes, low, size);
}

#endif
