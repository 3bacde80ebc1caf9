/* The micro workloads: `micro --benchmark_list_tests` names them. */
#include "families.h"
#include "gbench.h"

int main(int argc, char **argv) {
    pair_register();
    order_register();
    set_register();
    calloc_register();
    realloc_register();
    aligned_register();
    large_register();
    touch_register();
    return gbench_main(argc, argv);
}
