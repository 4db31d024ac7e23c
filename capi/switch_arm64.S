/*
 * switch_arm64.S: tk_switch(high, enter, call) calls enter(call) on the stack
 * that ends at high, a multiple of 16, and comes back to the caller's (stack.c).
 */
#if defined(__APPLE__)
#define TK_SWITCH _tk_switch
#else
#define TK_SWITCH tk_switch
#endif

    .text
    .p2align 2
    .globl TK_SWITCH
#if defined(__ELF__)
    .hidden TK_SWITCH
    .type TK_SWITCH, %function
#endif
TK_SWITCH:
    .cfi_startproc
    stp x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    mov x29, sp
    .cfi_def_cfa_register x29
    mov sp, x0
    mov x0, x2
    blr x1
    mov sp, x29
    .cfi_def_cfa_register sp
    ldp x29, x30, [sp], #16
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
#if defined(__ELF__)
    .size TK_SWITCH, . - TK_SWITCH
    .section .note.GNU-stack, "", %progbits
#endif
