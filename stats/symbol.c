/* Where libpool_root lies in a process: the library's dynamic symbols tell how far from its base.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

#define ROOT_SYMBOL "libpool_root"

static bool search_section(Elf *elf, Elf_Scn *section, uint64_t *value) {
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM || header.sh_entsize == 0)
        return false;
    Elf_Data *data = elf_getdata(section, NULL);
    if (!data)
        return false;
    for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF)
            continue;
        const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
        if (name && strcmp(name, ROOT_SYMBOL) == 0) {
            *value = symbol.st_value;
            return true;
        }
    }
    return false;
}

/* The lowest address that the file asks to be loaded at: 0 for nearly every library. */
static uint64_t wanted_base(Elf *elf) {
    uint64_t lowest = UINT64_MAX;
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
            header.p_vaddr < lowest)
            lowest = header.p_vaddr - header.p_offset;
    }
    return lowest == UINT64_MAX ? 0 : lowest;
}

static bool search_file(int fd, uint64_t *from_base) {
    if (elf_version(EV_CURRENT) == EV_NONE)
        return false;
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    uint64_t value = 0;
    bool found = false;
    Elf_Scn *section = NULL;
    while (elf && !found && (section = elf_nextscn(elf, section)))
        found = search_section(elf, section, &value);
    if (found)
        *from_base = value - wanted_base(elf);
    elf_end(elf);
    return found;
}

/* Through the process's own root, so that it is found from outside a container; the inode tells
 * whether it is still the file that was loaded. */
static int open_library(const struct process *process) {
    char path[PROCESS_PATH_MAX + 32];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/root%s", (int)process->pid, process->library);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || (fstat(fd, &st) == 0 && st.st_ino == process->library_inode))
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

enum status process_find_root(const struct process *process, uint64_t *root,
                              struct reason *reason) {
    if (process->library_base == 0)
        return reason_give(reason, STATUS_NOT_POOL,
                           "process %d (%s) does not run under libpool; start it with `poolstat "
                           "run PROGRAM` or LD_PRELOAD=libpool.so",
                           (int)process->pid, process->name);
    int fd = open_library(process);
    if (fd < 0)
        return reason_give(reason, STATUS_FAILED,
                           "the libpool.so of process %d (%s) is not there any more (%s); read "
                           "its page with --page",
                           (int)process->pid, process->library, strerror(errno));
    uint64_t from_base;
    bool found = search_file(fd, &from_base);
    close(fd);
    if (!found)
        return reason_give(reason, STATUS_VERSION,
                           "%s of process %d has no symbol " ROOT_SYMBOL
                           "; it is another version or another library",
                           process->library, (int)process->pid);
    *root = process->library_base + from_base;
    return STATUS_OK;
}
