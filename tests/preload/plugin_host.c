/* A program in C that loads a plugin in C++, out of sight (RTLD_LOCAL): std::bad_alloc is thrown
 * and caught there all the same. plugin_host PLUGIN */
#include <dlfcn.h>

#include "check.h"

int main(int argc, char **argv) {
    check(argc == 2);
    check(dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv") == NULL);
    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    check(plugin != NULL);
    int (*catches)(void) = (int (*)(void))dlsym(plugin, "plugin_catches");
    check(catches != NULL && catches());
    return 0;
}
