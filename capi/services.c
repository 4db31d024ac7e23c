/*
 * services.c: what Go code calls in C and what must be this process's own.
 *
 * In a copy of the library (copy.c) the variable below is set, before its
 * runtime starts, to the table of the library that the host has loaded.
 */
#include "front.h"

const struct tk_services tk_own_services = {
    tk_gate_enter, tk_gate_leave, tk_socket_add, tk_socket_remove, tk_pipe_open, tk_pipe_close,
};

const struct tk_services *tk_services = &tk_own_services;
