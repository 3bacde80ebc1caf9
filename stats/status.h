/* How an attempt to look at a process ends. The numbers are poolstat's exit statuses. */
#ifndef STATS_STATUS_H
#define STATS_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,     /* anything that has no status of its own */
    STATUS_USAGE = 2,      /* wrong command line */
    STATUS_NO_PROCESS = 3, /* no such process, and no page of one */
    STATUS_NOT_POOL = 4,   /* the process does not run under libpool */
    STATUS_DENIED = 5,     /* the caller may not look into that process */
    STATUS_VERSION = 6,    /* the process runs another version of libpool */
    STATUS_DAMAGED = 7,    /* the page is damaged */
    STATUS_ENDED = 8,      /* the process has ended; its last figures were printed */
    STATUS_NO_ANSWER = 9,  /* a request was not served in time */
    STATUS_NO_PAGE = 10,   /* under libpool, but without a page up to now */
};

/* What went wrong and what to do next: one line without a line end, for people. */
struct reason {
    char text[512];
};

/* Fills in the reason, returns the status. */
__attribute__((format(printf, 3, 4))) enum status
reason_give(struct reason *reason, enum status status, const char *format, ...);

#endif
