#include "count.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A mapping of a file is the loader's or the program's, one without is mostly the allocator's: both
 * are counted, each by itself. */
static const struct {
    const char *name;
    unsigned number;
} counted[COUNTED] = {
    {"mmap", SYS_mmap},         {"mmap of a file", SYS_mmap},   {"munmap", SYS_munmap},
    {"mremap", SYS_mremap},     {"madvise", SYS_madvise},       {"brk", SYS_brk},
    {"mprotect", SYS_mprotect}, {"membarrier", SYS_membarrier},
};

enum { ANONYMOUS = 0, OF_A_FILE = 1, MMAP_FLAGS = 3 };

/* Number by number: an equal one goes to the last instruction, which notifies; the one before that
 * allows the rest. The architecture is not looked at: a program of another one is counted wrong. */
static unsigned build(struct sock_filter *code) {
    unsigned length = 0;
    code[length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < COUNTED; i++) {
        const unsigned char to_end = (unsigned char)(COUNTED - i);
        code[length++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, counted[i].number, to_end, 0);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    return length;
}

int count_me(int socket) {
    struct sock_filter code[COUNTED + 3];
    struct sock_fprog program = {.filter = code};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    char byte = 0;
    struct iovec data = {&byte, 1};
    const struct msghdr message = {.msg_iov = &data,
                                   .msg_iovlen = 1,
                                   .msg_control = &control,
                                   .msg_controllen = sizeof control};

    program.len = (unsigned short)build(code);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    const int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0)
        return -1;
    memcpy(CMSG_DATA(&control.header), &listener, sizeof listener);
    if (sendmsg(socket, &message, 0) != 1)
        return -1;
    close(socket);
    return close(listener);
}

/* The listener that count_me sent, or -1: the child failed before it could. */
static int receive(int socket) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    int listener;

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
        return -1;
    memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
    return listener;
}

static unsigned which(const struct seccomp_data *call) {
    if (call->nr == SYS_mmap)
        return call->args[MMAP_FLAGS] & MAP_ANONYMOUS ? ANONYMOUS : OF_A_FILE;
    unsigned i = OF_A_FILE + 1;
    while (i < COUNTED - 1 && counted[i].number != (unsigned)call->nr)
        i++;
    return i;
}

/* A call that a signal took back comes again: it counts when it is let go on. */
static void count_one(int listener, struct counts *counts) {
    struct seccomp_notif call;
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
        return;
    struct seccomp_notif_resp answer = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0)
        counts->calls[which(&call.data)]++;
}

int count_until_end(int socket, pid_t child, struct counts *counts) {
    const int listener = receive(socket);
    const int ended = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd watched[] = {{listener, POLLIN, 0}, {ended, POLLIN, 0}};

    memset(counts, 0, sizeof *counts);
    if (listener < 0 || ended < 0)
        return -1;
    while (!(watched[1].revents & POLLIN)) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (watched[0].revents & POLLIN)
            count_one(listener, counts);
    }
    close(ended);
    return close(listener);
}

void count_write(FILE *file, const struct counts *counts) {
    for (unsigned i = 0; i < COUNTED; i++)
        fprintf(file, "%s\"%s\": %lu", i ? ", " : "{", counted[i].name, counts->calls[i]);
    fputc('}', file);
}
