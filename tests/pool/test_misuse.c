#include "misuse.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static void report_interior(void *p) {
    misuse(MISUSE_INTERIOR_FREE, p, "free");
}

static void report_double(void *p) {
    misuse(MISUSE_DOUBLE_FREE, p, "free");
}

static void test_hook(void) {
    CU_ASSERT_EQUAL(stopped_for(report_interior, NULL), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(report_double, NULL), MISUSE_DOUBLE_FREE);
}

static void returning_hook(enum pool_misuse what, const void *p, const char *function) {
    (void)what, (void)p, (void)function;
}

static const struct pool_hooks no_hooks, returning = {.misuse = returning_hook};

/* Whether a child that misuses memory under these hooks is killed. */
static bool killed(const struct pool_hooks *hooks) {
    pid_t child = fork();
    if (child == 0) {
        pool_set_hooks(hooks);
        misuse(MISUSE_INVALID_FREE, NULL, "free");
    }
    int status = 0;
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void test_stops(void) {
    CU_ASSERT(killed(&no_hooks));
    CU_ASSERT(killed(&returning));
}

CU_TestInfo misuse_tests[] = {
    {"the hook is told what", test_hook},
    {"no hook, or one that returns: the process is killed", test_stops},
    CU_TEST_INFO_NULL,
};
