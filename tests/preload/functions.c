/* The C allocation functions under libpool, one suite a file. Exit status 1 on a failure. */
#include <CUnit/Basic.h>

#include "suites.h"

int main(void) {
    CU_SuiteInfo suites[] = {
        {"C functions", NULL, NULL, NULL, NULL, api_tests},
        {"aligned", NULL, NULL, NULL, NULL, aligned_tests},
        {"figures", NULL, NULL, NULL, NULL, info_tests},
        CU_SUITE_INFO_NULL,
    };
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
