/* Runs one suite: the tests of the source of pool/ that bears its name.
 *
 *     pool-tests SUITE
 *
 * Exit status: 0, 1 when a test failed, 2 when there is no such suite. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "support.h"

/* SUITES comes from meson.build: X(arena) X(big) ... */
#define X(name) extern CU_TestInfo name##_tests[];
SUITES
#undef X

static const struct {
    const char *name;
    CU_TestInfo *tests;
} suites[] = {
#define X(name) {#name, name##_tests},
    SUITES
#undef X
};

static int run(const char *name, CU_TestInfo *tests) {
    CU_SuiteInfo info[] = {{.pName = name, .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(info) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures(), ran = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    return failed > 0 || ran == 0;
}

int main(int argc, char **argv) {
    /* What is resident is counted in small pages, also where huge ones come unasked. */
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    setvbuf(stdout, NULL, _IONBF, 0); /* children must not print what their parent did */
    pool_set_hooks(&test_hooks);
    for (size_t i = 0; argc == 2 && i < sizeof suites / sizeof suites[0]; i++)
        if (strcmp(argv[1], suites[i].name) == 0)
            return run(suites[i].name, suites[i].tests);
    fprintf(stderr, "usage: pool-tests SUITE, one of");
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        fprintf(stderr, " %s", suites[i].name);
    fputc('\n', stderr);
    return 2;
}
