package main

// #include "front.h"
//
// static void tk_go_gate(int32_t enter) { enter ? tk_services->gate_enter() : tk_services->gate_leave(); }
// static void tk_go_socket_add(int32_t descriptor) { tk_services->socket_add(descriptor); }
// static void tk_go_socket_remove(int32_t descriptor) { tk_services->socket_remove(descriptor); }
import "C"

// sockets tells C of the sockets that a forked child has to close. Between Hold
// and Release the process is not forked, so the two must be close together. All
// methods may be called concurrently, Release on another thread than Hold.
type sockets struct{}

func (sockets) Hold()         { C.tk_go_gate(1) }
func (sockets) Release()      { C.tk_go_gate(0) }
func (sockets) Add(fd int)    { C.tk_go_socket_add(C.int32_t(fd)) }
func (sockets) Remove(fd int) { C.tk_go_socket_remove(C.int32_t(fd)) }
