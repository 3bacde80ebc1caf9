/* POOL_CONF: what is understood, what is refused and named, and that neither allocates. Exit
 * status 1 on a failure. */
#define _GNU_SOURCE
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../preload/options.h"

static char said[4096];

/* options_read, with what it says on stderr in `said`. */
static struct options read_options(const char *text) {
    struct options options;
    int file = memfd_create("stderr", 0), saved = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    options_read(&options, text);
    dup2(saved, STDERR_FILENO);
    ssize_t length = pread(file, said, sizeof said - 1, 0);
    said[length < 0 ? 0 : length] = '\0';
    close(saved);
    close(file);
    return options;
}

static bool same(struct options a, struct options b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

/* The initial values are those of the table, and its texts are understood. */
static void test_initial(void) {
    static const char *const nothing[] = {"", ",", ",,"};
    struct options initial = read_options(NULL);
    CU_ASSERT_STRING_EQUAL(said, "");
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        CU_ASSERT_TRUE(same(read_options(nothing[i]), initial));
    char text[1000] = "";
    for (size_t i = 0; i < OPTION_COUNT; i++)
        sprintf(text + strlen(text), "%s:%s,", option_rows[i].key, option_rows[i].initial);
    CU_ASSERT_TRUE(same(read_options(text), initial));
    CU_ASSERT_STRING_EQUAL(said, "");
    CU_ASSERT_EQUAL(initial.stats, 1);
    CU_ASSERT_EQUAL(initial.stats_keep, 0);
}

static void test_values(void) {
    struct options options = read_options("keep:64M,keep_share:50%,decay:2s,huge:no,stats:off,"
                                          "stats_after:0,stats_interval:250ms,stats_keep:4711");
    CU_ASSERT_EQUAL(options.keep, 64 << 20);
    CU_ASSERT_EQUAL(options.keep_share, 50);
    CU_ASSERT_EQUAL(options.decay, 2000);
    CU_ASSERT_EQUAL(options.huge, 0);
    CU_ASSERT_EQUAL(options.stats, 0);
    CU_ASSERT_EQUAL(options.stats_after, 0);
    CU_ASSERT_EQUAL(options.stats_interval, 250);
    CU_ASSERT_EQUAL(options.stats_keep, 4711);
    CU_ASSERT_STRING_EQUAL(said, "");
}

static void test_units(void) {
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"keep:0", 0},
        {"keep:4096", 4096},
        {"keep:512K", 512 << 10},
        {"keep:512k", 1 << 19},
        {"keep:2G", (uint64_t)2 << 30},
        {"keep:1m", 1 << 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(read_options(cases[i].text).keep, cases[i].bytes);
        CU_ASSERT_STRING_EQUAL(said, "");
    }
}

static void test_last_one_counts(void) {
    CU_ASSERT_EQUAL(read_options("keep:1K,keep:2K").keep, 2048);
    CU_ASSERT_EQUAL(read_options("keep:2K,").keep, 2048);
}

static void refuses(const char *text, const char *line) {
    struct options initial = read_options(NULL);
    CU_ASSERT_TRUE(same(read_options(text), initial));
    CU_ASSERT_STRING_EQUAL(said, line);
}

static void test_bad_values(void) {
    static const char *const bad[] = {"",           "x", "-1",   "1T",  "1 M",
                                      "1.5M",       "M", "0x10", "1MM", "99999999999999999999",
                                      "8589934592G"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100], line[200];
        snprintf(text, sizeof text, "keep:%s", bad[i]);
        snprintf(line, sizeof line,
                 "libpool: POOL_CONF: %s is ignored; "
                 "a value is bytes, such as 4096, 512K, 64M or 2G\n",
                 text);
        refuses(text, line);
    }
    refuses("decay:soon", "libpool: POOL_CONF: decay:soon is ignored; "
                          "a value is a time, such as 250ms or 2s\n");
    refuses("stats:maybe", "libpool: POOL_CONF: stats:maybe is ignored; a value is yes or no\n");
    refuses("keep", "libpool: POOL_CONF: keep: is ignored; "
                    "a value is bytes, such as 4096, 512K, 64M or 2G\n");
    refuses("stats_keep:4711s", "libpool: POOL_CONF: stats_keep:4711s is ignored; "
                                "a value is a process id\n");
}

#define UNKNOWN(key)                                                                               \
    "libpool: POOL_CONF: no option is called '" key "', it is ignored; there are keep, "           \
    "keep_share, decay, huge, stats, stats_after, stats_interval, stats_keep\n"

static void test_unknown(void) {
    refuses("kep:1M", UNKNOWN("kep"));
    refuses("KEEP:1M", UNKNOWN("KEEP"));
    refuses(":1M", UNKNOWN(""));
    refuses("a:b:c", UNKNOWN("a"));
    struct options options = read_options("first:1,keep:3K,second:2");
    CU_ASSERT_EQUAL(options.keep, 3072);
    CU_ASSERT_STRING_EQUAL(said, UNKNOWN("first") UNKNOWN("second"));
}

static void test_long(void) {
    static char text[100000];
    memset(text, 'k', sizeof text - 1);
    read_options(text);
    CU_ASSERT_EQUAL(strlen(said), 512);
    CU_ASSERT_EQUAL(said[511], '\n');
}

static void test_errno(void) {
    errno = 4711;
    read_options("nothing:0");
    CU_ASSERT_EQUAL(errno, 4711);
}

static CU_TestInfo tests[] = {
    {"initial values", test_initial},
    {"values of every kind", test_values},
    {"units", test_units},
    {"the last one counts", test_last_one_counts},
    {"bad values", test_bad_values},
    {"unknown keys", test_unknown},
    {"a long text is cut off", test_long},
    {"errno is left alone", test_errno},
    CU_TEST_INFO_NULL,
};

int main(void) {
    CU_SuiteInfo suites[] = {{"options", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
