#include "size_class.h"

/* n blocks per pool; the range is the capacities that round down to it. */
/* clang-format off */
#define COARSE(X)                                                                                  \
    X(30, 30, 31) X(28, 28, 29) X(26, 26, 27) X(25, 25, 25) X(24, 24, 24) X(23, 23, 23)            \
    X(22, 22, 22) X(21, 21, 21) X(20, 20, 20) X(19, 19, 19) X(18, 18, 18) X(17, 17, 17)            \
    X(16, 16, 16) X(15, 15, 15) X(14, 14, 14) X(13, 13, 13) X(12, 12, 12) X(11, 11, 11)            \
    X(10, 10, 10) X(9, 9, 9) X(8, 8, 8) X(7, 7, 7) X(6, 6, 6) X(5, 5, 5) X(4, 4, 4) X(3, 3, 3)     \
    X(2, 2, 2)
/* clang-format on */

#define NAME(n, low, high) CLASS_OF_##n,
enum { CLASS_BEFORE = FINE_CLASSES - 1, COARSE(NAME) CLASS_END };

/* A table instead of a division, which takes 10 to 25 cycles. */
#define UNITS               (POOL_BYTES / MIN_ALIGN)
#define RANGE(n, low, high) [UNITS / (high + 1) + 1 ... UNITS / low] = CLASS_OF_##n,
#define RUN(n, above)       [(above) / MIN_ALIGN + 1 ... UNITS * n] = RUN_CLASS + n - 1,
#define PAIR(u)             [u - 1] = u, [u] = u,
const uint8_t class_by_units[] = {PAIR(34) PAIR(36) PAIR(38) PAIR(40) PAIR(42) PAIR(44) PAIR(46)
                                      PAIR(48) PAIR(50) PAIR(52) PAIR(54) PAIR(56) PAIR(58) PAIR(60)
                                          PAIR(62) PAIR(64) COARSE(RANGE) RUN(1, SMALL_MAX)
                                              RUN(2, POOL_BYTES)};
static_assert(CLASS_TABLE_MAX == 2 * POOL_BYTES, "the table ends with runs of two pools");

#define SIZE(n, low, high) POOL_BYTES / MIN_ALIGN / n *MIN_ALIGN,
const uint16_t class_coarse_size[] = {COARSE(SIZE)};

#define BYTES(n)            (uint64_t)(POOL_BYTES / MIN_ALIGN / n * MIN_ALIGN)
#define BOUND(n, low, high) n *(BYTES(n) * CLASS_MULT(BYTES(n))),
const uint16_t class_coarse_bound[] = {COARSE(BOUND)};

#define START(n, i) ((i) < (n) ? (uint32_t)1 << ((i)*BYTES(n) / FINE_MAX % 32) : 0)
#define STARTS5(n, i)                                                                              \
    START(n, i) | START(n, i + 1) | START(n, i + 2) | START(n, i + 3) | START(n, i + 4)
#define STARTS(n, low, high)                                                                       \
    STARTS5(n, 0) | STARTS5(n, 5) | STARTS5(n, 10) | STARTS5(n, 15) | STARTS5(n, 20) |             \
        STARTS5(n, 25),
const uint32_t class_coarse_starts[] = {COARSE(STARTS)};
static_assert(BYTES(30) > FINE_MAX && POOL_BYTES / FINE_MAX == 32, "a bit for each block's start");
static_assert((POOL_BYTES - BYTES(30)) / FINE_MAX < 31, "and one left for HELD_RESTING");

const uint32_t class_count = CLASS_END;
static_assert(CLASS_END == RUN_CLASS && CLASS_END <= CLASS_MAX, "tables are long enough");
