/* The programs of this directory: `PROGRAM NAME` prints the line that libpool should end it with,
 * then does what NAME says; `PROGRAM --list` names what there is. run.py runs them all. */
#ifndef MISUSE_CASES_H
#define MISUSE_CASES_H

struct misuse_case {
    const char *name;
    void (*run)(void);
};

/* Says what libpool's line is to be, without its "libpool: ". Once, right before the misuse. */
void expect(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says that nothing is wrong: the program must end normally. */
void expect_nothing(void);

/* main() of each program; the cases end with a name of NULL. */
int run_case(const struct misuse_case *cases, int argc, char **argv);

#endif
