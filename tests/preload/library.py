#!/usr/bin/env python3
"""The library as a file: what it exports and needs, its manual page, linking with it by
pkg-config, and POOL_CONF in the environment of real programs.

    library.py LIBPOOL MANUAL PKG_CONFIG_DIR SOURCES

Exit status: 0, or 1 when a check failed.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

LIBPOOL, MANUAL, PKG_CONFIG_DIR, SOURCES = (pathlib.Path(argument).resolve()
                                            for argument in sys.argv[1:5])

EXPORTS = """
    malloc free calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc pvalloc
    malloc_usable_size free_sized free_aligned_sized cfree malloc_trim mallopt mallinfo mallinfo2
    malloc_info malloc_stats __libc_malloc __libc_free __libc_calloc __libc_realloc
    __libc_reallocarray __libc_memalign __libc_valloc __libc_pvalloc __libc_mallopt
    __posix_memalign dlopen _exit _Exit libpool_root
    _Znwm _Znam _ZnwmRKSt9nothrow_t _ZnamRKSt9nothrow_t _ZnwmSt11align_val_t _ZnamSt11align_val_t
    _ZnwmSt11align_val_tRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t
    _ZdlPv _ZdaPv _ZdlPvm _ZdaPvm _ZdlPvRKSt9nothrow_t _ZdaPvRKSt9nothrow_t
    _ZdlPvSt11align_val_t _ZdaPvSt11align_val_t _ZdlPvmSt11align_val_t _ZdaPvmSt11align_val_t
    _ZdlPvSt11align_val_tRKSt9nothrow_t _ZdaPvSt11align_val_tRKSt9nothrow_t
""".split()

PROGRAM = """
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    Dl_info info;
    char *block = malloc(100);
    dladdr((void *)&malloc, &info);
    puts(info.dli_fname);
    free(block);
    return block == NULL;
}
"""


def output(*command, **variables):
    """stdout and stderr of a command that must succeed."""
    done = subprocess.run(command, env=dict(os.environ, **variables), capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"status {done.returncode} of {command}: {done.stderr}")
    return done.stdout, done.stderr


class File(unittest.TestCase):
    def test_exports(self):
        lines = output("nm", "-D", "--defined-only", LIBPOOL)[0].splitlines()
        self.assertEqual(sorted(line.split()[-1] for line in lines), sorted(EXPORTS))

    def test_needs_only_libc(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", LIBPOOL)[0])
        for name in needed:
            self.assertRegex(name, r"^(libc\.so|ld-linux)")

    def test_static_tls_is_small(self):
        """A library loaded late shares some 1.6 KiB with all others of its kind."""
        tls = re.search(r"TLS .*?\n?\s+0x\w+ 0x\w+ 0x\w+\s+0x\w+ (0x\w+)|"
                        r"TLS +0x\w+ 0x\w+ 0x\w+ 0x\w+ (0x\w+)",
                        output("readelf", "-lW", LIBPOOL)[0])
        self.assertLessEqual(int(tls.group(1) or tls.group(2), 16), 1100)


class Manual(unittest.TestCase):
    def test_reads_without_warnings(self):
        text, warnings = output("man", "--warnings", "-l", MANUAL, MANWIDTH="100", LC_ALL="C.UTF-8")
        self.assertEqual(warnings, "")
        self.assertIn("POOL_CONF", text)

    def test_names_every_option(self):
        text = output("man", "-l", MANUAL, MANWIDTH="100")[0]
        table = (SOURCES / "preload" / "options.h").read_text(encoding="utf-8")
        keys = re.findall(r"^ +X\((\w+),", table, re.MULTILINE)
        self.assertGreater(len(keys), 5)
        for key in keys:
            self.assertIn(f"{key}:VALUE", text)


class Linking(unittest.TestCase):
    def test_pkg_config(self):
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder, "program.c"), pathlib.Path(folder, "program")
            source.write_text(PROGRAM, encoding="utf-8")
            flags = output("pkg-config", "--cflags", "--libs", "libpool",
                           PKG_CONFIG_PATH=str(PKG_CONFIG_DIR))[0].split()
            output("cc", "-D_GNU_SOURCE", source, *flags, "-ldl", "-o", program)
            said = output(program, LD_LIBRARY_PATH=str(LIBPOOL.parent), LD_PRELOAD="")[0]
            self.assertEqual(pathlib.Path(said.strip()).resolve(), LIBPOOL)


class Dlopen(unittest.TestCase):
    def test_runpath_of_the_caller_counts(self):
        """A library finds its plugin in a folder that only its own RUNPATH names."""
        with tempfile.TemporaryDirectory() as folder:
            plugins = pathlib.Path(folder, "plugins")
            plugins.mkdir()
            sources = {"hidden.c": "int hidden;",
                       "opener.c": '#include <dlfcn.h>\n'
                                   'void *opener(void) { return dlopen("hidden.so", RTLD_NOW); }',
                       "main.c": "void *opener(void); int main(void) { return opener() == 0; }"}
            for name, text in sources.items():
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
            shared = ("cc", "-shared", "-fPIC")
            output(*shared, f"{folder}/hidden.c", "-o", plugins / "hidden.so")
            output(*shared, f"{folder}/opener.c", "-o", f"{folder}/libopener.so", "-ldl",
                   f"-Wl,-rpath,{plugins}")
            output("cc", f"{folder}/main.c", "-o", f"{folder}/main", f"-L{folder}", "-lopener",
                   f"-Wl,-rpath,{folder}")
            output(f"{folder}/main", LD_PRELOAD="")
            output(f"{folder}/main", LD_PRELOAD=str(LIBPOOL))


class Late(unittest.TestCase):
    def test_opened_by_a_running_program(self):
        """Beside another malloc, called by its own name; threads included."""
        script = f"""
import ctypes, threading
pool = ctypes.CDLL({str(LIBPOOL)!r})
pool.malloc.restype = ctypes.c_void_p
pool.free.argtypes = [ctypes.c_void_p]
def work():
    for size in (10, 1000, 100000, 5000000):
        block = pool.malloc(size)
        ctypes.memset(block, 1, size)
        pool.free(block)
for i in range(20):
    thread = threading.Thread(target=work)
    thread.start()
    work()
    thread.join()
"""
        self.assertEqual(output(sys.executable, "-c", script, LD_PRELOAD=""), ("", ""))


class Options(unittest.TestCase):
    def run_true(self, conf):
        return output("/bin/true", LD_PRELOAD=str(LIBPOOL), POOL_CONF=conf)

    def test_silent(self):
        self.assertEqual(self.run_true(""), ("", ""))
        self.assertEqual(self.run_true("keep:2M,stats:no"), ("", ""))

    def test_unknown_is_named_once(self):
        said = self.run_true("colour:blue")[1].splitlines()
        self.assertEqual(len(said), 1)
        self.assertRegex(said[0], "^libpool: POOL_CONF: no option is called 'colour'")

    def pages_of(self, conf):
        """Files in /dev/shm of a process that allocates for half a second."""
        script = """
import glob, os, time
end = time.monotonic() + 0.5
while time.monotonic() < end:
    blocks = [bytes(100000) for i in range(100)]
print(*glob.glob(f"/dev/shm/libpool.{os.getpid()}.*"))
"""
        return output(sys.executable, "-c", script, LD_PRELOAD=str(LIBPOOL), POOL_CONF=conf)[0].split()

    def test_stats(self):
        self.assertEqual(len(self.pages_of("stats:yes")), 1)
        self.assertEqual(self.pages_of("stats:no"), [])
        self.assertEqual(self.pages_of("stats_after:100s"), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
