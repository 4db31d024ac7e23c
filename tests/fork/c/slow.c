/* A library whose loading takes a while, so that a fork meets a thread in it. */
#include <unistd.h>

__attribute__((constructor)) static void sleep_while_loading(void) { (void)usleep(3000); }
