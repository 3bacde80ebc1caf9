/* What each file of micro workloads adds to Google Benchmark; called once each by main. */
#ifndef BENCH_MICRO_FAMILIES_H
#define BENCH_MICRO_FAMILIES_H

void pair_register(void);
void order_register(void);
void set_register(void);
void calloc_register(void);
void realloc_register(void);
void aligned_register(void);
void large_register(void);
void touch_register(void);

#endif
