/*
 * The stack switch for aarch64, AAPCS64.
 *
 *     void tt__coro_switch_stacks(void **out_sp, void *sp);
 *     tt__coro_start: where a new coroutine begins
 *
 * What a suspended stack looks like, from its sp upwards; coro.c builds the same by hand for a new coroutine:
 *
 *     offset   0        16       32       48       64       80       96      112     128     144
 *     content  x29 x30  x19 x20  x21 x22  x23 x24  x25 x26  x27 x28  d8 d9   d10 d11 d12 d13 d14 d15
 *
 * x30 is the address to continue at. d8 to d15 belong to what a call keeps on this machine, unlike on x86-64, where
 * no vector register does; the floating-point control and status registers are not switched.
 * It continues by `ret`: with branch targets protected (BTI), which the object claims to support, any other jump to an
 * address behind a call is a fault; what is called indirectly carries `bti c` (hint 34). A guarded control stack (GCS)
 * would forbid the switch, so the object does not claim to support one.
 *
 * The unwind tables hold at every instruction: at the moment where sp changes, both stacks have the same layout.
 */
#if defined(__aarch64__) && defined(__LP64__)

    .text

    .globl  tt__coro_switch_stacks
    .hidden tt__coro_switch_stacks
    .type   tt__coro_switch_stacks, %function
    .p2align 4
tt__coro_switch_stacks:
    .cfi_startproc
    hint    34
    stp     x29, x30, [sp, #-160]!
    .cfi_def_cfa_offset 160
    .cfi_offset x29, -160
    .cfi_offset x30, -152
    stp     x19, x20, [sp, #16]
    .cfi_offset x19, -144
    .cfi_offset x20, -136
    stp     x21, x22, [sp, #32]
    .cfi_offset x21, -128
    .cfi_offset x22, -120
    stp     x23, x24, [sp, #48]
    .cfi_offset x23, -112
    .cfi_offset x24, -104
    stp     x25, x26, [sp, #64]
    .cfi_offset x25, -96
    .cfi_offset x26, -88
    stp     x27, x28, [sp, #80]
    .cfi_offset x27, -80
    .cfi_offset x28, -72
    stp     d8, d9, [sp, #96]
    .cfi_offset d8, -64
    .cfi_offset d9, -56
    stp     d10, d11, [sp, #112]
    .cfi_offset d10, -48
    .cfi_offset d11, -40
    stp     d12, d13, [sp, #128]
    .cfi_offset d12, -32
    .cfi_offset d13, -24
    stp     d14, d15, [sp, #144]
    .cfi_offset d14, -16
    .cfi_offset d15, -8
    mov     x9, sp
    str     x9, [x0]
    mov     sp, x1
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     d8, d9, [sp, #96]
    ldp     d10, d11, [sp, #112]
    ldp     d12, d13, [sp, #128]
    ldp     d14, d15, [sp, #144]
    ldp     x29, x30, [sp], #160
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore d8
    .cfi_restore d9
    .cfi_restore d10
    .cfi_restore d11
    .cfi_restore d12
    .cfi_restore d13
    .cfi_restore d14
    .cfi_restore d15
    ret
    .cfi_endproc
    .size   tt__coro_switch_stacks, . - tt__coro_switch_stacks

/*
 * A new coroutine: function in x19, its argument in x20, x29 zero (ends a walk by frame pointers), sp a multiple of
 * 16. There is no caller, which is what `undefined` says; the nop is there because unwinders look up the address
 * before the one to continue at, which must belong to this function too.
 */
    .type   tt__coro_start_frame, %function
    .p2align 4
tt__coro_start_frame:
    .cfi_startproc
    .cfi_undefined x30
    nop
    .globl  tt__coro_start
    .hidden tt__coro_start
tt__coro_start:
    mov     x0, x20
    blr     x19
    brk     #1
    .cfi_endproc
    .size   tt__coro_start_frame, . - tt__coro_start_frame

/* Property note: aarch64 feature 1 "and" mask (0xc0000000) = BTI (1). */
    .section .note.gnu.property, "a", %note
    .p2align 3
    .long   4
    .long   16
    .long   5
    .asciz  "GNU"
    .long   0xc0000000
    .long   4
    .long   1
    .long   0

#endif
    .section .note.GNU-stack, "", %progbits
