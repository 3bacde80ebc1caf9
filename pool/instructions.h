/* What the compiler does not find by itself: measured by counting the fast paths' instructions. */
#ifndef POOL_INSTRUCTIONS_H
#define POOL_INSTRUCTIONS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && !defined(__clang__)

/* One movw instead of and, movzx, or. */
static inline uint32_t set_low_half(uint32_t word, uint16_t low) {
    __asm__("movw %w1, %w0" : "+r"(word) : "rm"(low));
    return word;
}

#else

/* AArch64 compilers make one bfi of this; clang, given the choice above, stores and reloads. */
static inline uint32_t set_low_half(uint32_t word, uint16_t low) {
    return (word & 0xffff0000u) | low;
}

#endif

#if defined(__x86_64__)
#define spin_pause() __asm__ volatile("pause")
#else
#define spin_pause() __asm__ volatile("yield")
#endif

/* Compare the shifted value too: otherwise the unshifted one is compared and kept beside it. */
#define keep_in_register(value) __asm__("" : "+r"(value))

#endif
