/* What the compiler does not find by itself: measured by counting the fast paths' instructions. */
#ifndef POOL_INSTRUCTIONS_H
#define POOL_INSTRUCTIONS_H

#include <stdbool.h>
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

#define HIDDEN      __attribute__((visibility("hidden")))
#define NOINLINE    __attribute__((noinline)) /* where its frame would burden the short way */
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Numbers of bits are taken modulo 32. */
static inline bool has_bit(uint32_t word, uint32_t number) {
    return (word >> number % 32 & 1) != 0;
}

#if defined(__x86_64__)

/* Clears that bit; was it set? One btr instead of mov, shift, and, not, and. */
static inline bool take_bit(uint32_t *word, uint32_t number) {
    bool was;
    __asm__("btrl %2, %0" : "+r"(*word), "=@ccc"(was) : "r"(number));
    return was;
}

/* Sets it. One bts instead of mov, shift, or. */
static inline uint32_t give_bit(uint32_t word, uint32_t number) {
    __asm__("btsl %1, %0" : "+r"(word) : "r"(number) : "cc");
    return word;
}

/* Adds to the counter; does it start again? In one instruction. */
static inline bool count_over(uint8_t *counter, uint8_t step) {
    bool over;
    __asm__("addb %2, %0" : "+m"(*counter), "=@ccc"(over) : "ri"(step));
    return over;
}

#else

static inline bool take_bit(uint32_t *word, uint32_t number) {
    uint32_t bit = (uint32_t)1 << number % 32, before = *word;
    *word = before & ~bit;
    return (before & bit) != 0;
}

static inline uint32_t give_bit(uint32_t word, uint32_t number) {
    return word | (uint32_t)1 << number % 32;
}

static inline bool count_over(uint8_t *counter, uint8_t step) {
    return __builtin_add_overflow(*counter, step, counter);
}

#endif

/* Asks for the line, for this processor alone. (Compilers use the instruction only for processors
 * of 2014 and later; all of 64 bits take it, at worst for nothing.) */
#if defined(__x86_64__)
#define prefetch_to_write(p) __asm__ volatile("prefetchw %0" : : "m"(*(const char *)(p)))
#else
#define prefetch_to_write(p) __builtin_prefetch(p, 1)
#endif

#if defined(__x86_64__)
#define spin_pause() __asm__ volatile("pause")
#else
#define spin_pause() __asm__ volatile("yield")
#endif

/* Compare the shifted value too: otherwise the unshifted one is compared and kept beside it. */
#define keep_in_register(value) __asm__("" : "+r"(value))

#endif
