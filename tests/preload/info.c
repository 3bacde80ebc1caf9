/* mallinfo, mallinfo2, malloc_info, malloc_stats. */
#define _GNU_SOURCE
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"

enum { SMALL_COUNT = 20000, SMALL_SIZE = 112, LARGE_SIZE = 8 << 20 };

static void test_mallinfo2_follows(void) {
    static void *blocks[SMALL_COUNT];
    struct mallinfo2 before = mallinfo2();
    size_t usable = 0;
    for (int i = 0; i < SMALL_COUNT; i++) {
        blocks[i] = malloc(SMALL_SIZE);
        usable += malloc_usable_size(blocks[i]);
    }
    void *large = malloc(LARGE_SIZE);
    struct mallinfo2 during = mallinfo2();
    CU_ASSERT_EQUAL(during.uordblks - before.uordblks, usable);
    CU_ASSERT(usable >= SMALL_COUNT * SMALL_SIZE && usable < SMALL_COUNT * SMALL_SIZE * 5 / 4);
    CU_ASSERT_EQUAL(during.hblks - before.hblks, 1);
    CU_ASSERT_TRUE(during.hblkhd - before.hblkhd >= LARGE_SIZE);
    CU_ASSERT_EQUAL(during.arena, during.uordblks + during.fordblks);
    for (int i = 0; i < SMALL_COUNT; i++)
        free(blocks[i]);
    free(large);
    struct mallinfo2 after = mallinfo2();
    CU_ASSERT_EQUAL(after.uordblks, before.uordblks);
    CU_ASSERT_EQUAL(after.hblks, before.hblks);
    CU_ASSERT_EQUAL(after.hblkhd, before.hblkhd);
    CU_ASSERT_EQUAL(after.arena, after.uordblks + after.fordblks);
}

static void test_mallinfo_agrees(void) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo old = mallinfo();
#pragma GCC diagnostic pop
    struct mallinfo2 info = mallinfo2();
    CU_ASSERT_EQUAL((size_t)old.uordblks, info.uordblks);
    CU_ASSERT_EQUAL((size_t)old.fordblks, info.fordblks);
    CU_ASSERT_EQUAL((size_t)old.hblks, info.hblks);
}

static void test_malloc_info(void) {
    CU_ASSERT_EQUAL(malloc_info(1, stdout), EINVAL);
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    void *block = malloc(SMALL_SIZE);
    CU_ASSERT_EQUAL(malloc_info(0, stream), 0);
    fclose(stream);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, "<malloc version=", 16), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<size bytes=\"112\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<total type=\"rest\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<total type=\"mmap\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<system type=\"current\""));
    CU_ASSERT_STRING_EQUAL(text + length - 10, "</malloc>\n");
    free(block);
    free(text);
}

/* What malloc_stats says on stderr. */
static void read_stats(char *text, size_t size) {
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    malloc_stats();
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t length = pread(fileno(file), text, size - 1, 0);
    text[length < 0 ? 0 : length] = '\0';
    fclose(file);
}

static void test_malloc_stats(void) {
    char text[4096];
    void *large = malloc(LARGE_SIZE);
    read_stats(text, sizeof text);
    CU_ASSERT_EQUAL(strncmp(text, "libpool: ", 9), 0);
    const char *live = strstr(text, "  live");
    CU_ASSERT_PTR_NOT_NULL_FATAL(live);
    CU_ASSERT_TRUE(strtoull(live + 6, NULL, 10) >= LARGE_SIZE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  metadata"));
    free(large);
}

CU_TestInfo info_tests[] = {
    {"mallinfo2 follows the program", test_mallinfo2_follows},
    {"mallinfo agrees with it", test_mallinfo_agrees},
    {"malloc_info", test_malloc_info},
    {"malloc_stats", test_malloc_stats},
    CU_TEST_INFO_NULL,
};
