"""clang: the same generated C as for gcc, and C++ with the standard library, byte for byte."""

from cases.gcc import source

PROGRAMS = ["clang"]
WITNESSES = ["clang", "ld"]

TEMPLATES = r'''
#include <map>
#include <string>
#include <vector>
template <int n> struct chain { std::map<int, std::string> map; chain<n - 1> next; };
template <> struct chain<0> { };
long weigh() { chain<60> all; all.map[1] = "x"; std::vector<chain<40>> more(3); return more.size(); }
'''


def run(space):
    space.write("work.c", source())
    space.run("clang", "-O2", "-g", "-Wall", "-c", "work.c", "-o", "work.o")
    space.run("sha256sum", "work.o")
    space.run("clang", "-O1", "work.c", "-o", "work")
    space.run("./work")
    space.write("templates.cc", TEMPLATES)
    space.run("clang++", "-O1", "-c", "templates.cc", "-o", "templates.o")
    space.run("sha256sum", "templates.o")
    space.write("wrong.c", "int main(void) { return undeclared + ; }\n")
    space.run("clang", "-c", "wrong.c", status=1)
