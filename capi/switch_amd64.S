/*
 * switch_amd64.S: tk_switch(high, enter, call) calls enter(call) on the stack
 * that ends at high, a multiple of 16, and comes back to the caller's (stack.c).
 */
#if defined(__APPLE__)
#define TK_SWITCH _tk_switch
#else
#define TK_SWITCH tk_switch
#endif

    .text
    .globl TK_SWITCH
#if defined(__ELF__)
    .hidden TK_SWITCH
    .type TK_SWITCH, @function
#endif
TK_SWITCH:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq %rdi, %rsp
    movq %rdx, %rdi
    callq *%rsi
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
#if defined(__ELF__)
    .size TK_SWITCH, . - TK_SWITCH
    .section .note.GNU-stack, "", @progbits
#endif
