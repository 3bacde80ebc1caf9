/* A plugin loaded with RTLD_DEEPBIND, which would take malloc from libc while libc takes it from
 * libpool: blocks cross in every direction. deepbind PLUGIN */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "check.h"

int main(int argc, char **argv) {
    check(argc == 2);
    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    check(plugin != NULL);
    char *(*text)(void) = (char *(*)(void))dlsym(plugin, "plugin_text");
    void (*plugin_free)(void *) = (void (*)(void *))dlsym(plugin, "plugin_free");
    int (*uses_libc)(void) = (int (*)(void))dlsym(plugin, "plugin_uses_libc");
    check(text != NULL && plugin_free != NULL && uses_libc != NULL);
    for (int i = 0; i < 1000; i++) {
        char *theirs = text();
        check(strcmp(theirs, "from the plugin") == 0);
        free(theirs);
        plugin_free(malloc(100));
        plugin_free(strdup("text"));
        check(uses_libc());
    }
    return dlclose(plugin);
}
