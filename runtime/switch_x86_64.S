/*
 * The stack switch for x86-64, System V convention.
 *
 *     void tt__coro_switch_stacks(void **out_sp, void *sp);
 *     tt__coro_start: where a new coroutine begins
 *
 * What a suspended stack looks like, from its sp upwards; coro.c builds the same by hand for a new coroutine:
 *
 *     offset   0    8    16   24   32   40   48
 *     content  r15  r14  r13  r12  rbx  rbp  address to continue at
 *
 * It continues by a jump, not by `ret`: the processor's own stack of return addresses would mispredict each one.
 * A shadow stack (SHSTK) forbids switching by either means, so the object does not claim to support it; it does claim
 * branch tracking (IBT): what is called indirectly carries endbr64, and the jump, whose target is an ordinary return
 * address, is exempt by `notrack`.
 *
 * The unwind tables hold at every instruction: at the moment where rsp changes, both stacks have the same layout.
 */
#if defined(__x86_64__) && defined(__LP64__)

    .text

    .globl  tt__coro_switch_stacks
    .hidden tt__coro_switch_stacks
    .type   tt__coro_switch_stacks, @function
    .p2align 4
tt__coro_switch_stacks:
    .cfi_startproc
    endbr64
    pushq   %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq   %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq   %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq   %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq   %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq    %rsp, (%rdi)
    movq    %rsi, %rsp
    popq    %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq    %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq    %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq    %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq    %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    popq    %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %rcx
    notrack jmpq *%rcx
    .cfi_endproc
    .size   tt__coro_switch_stacks, . - tt__coro_switch_stacks

/*
 * A new coroutine: function in r12, its argument in r13, rbp zero (ends a walk by frame pointers), rsp a multiple of
 * 16. There is no caller, which is what `undefined` says; the nop is there because unwinders look up the address
 * before the one to continue at, which must belong to this function too.
 */
    .type   tt__coro_start_frame, @function
    .p2align 4
tt__coro_start_frame:
    .cfi_startproc
    .cfi_undefined %rip
    nop
    .globl  tt__coro_start
    .hidden tt__coro_start
tt__coro_start:
    endbr64
    movq    %r13, %rdi
    callq   *%r12
    ud2
    .cfi_endproc
    .size   tt__coro_start_frame, . - tt__coro_start_frame

/* Property note: x86 feature 1 "and" mask (0xc0000002) = IBT (1), and not SHSTK (2). */
    .section .note.gnu.property, "a", @note
    .p2align 3
    .long   4
    .long   16
    .long   5
    .asciz  "GNU"
    .long   0xc0000002
    .long   4
    .long   1
    .long   0

#endif
    .section .note.GNU-stack, "", @progbits
