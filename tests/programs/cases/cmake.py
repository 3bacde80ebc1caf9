"""CMake and Ninja: configure, build in parallel and test a project of a library and programs."""

import re

PROGRAMS = ["cmake", "ninja", "ctest"]

LISTS = r'''
cmake_minimum_required(VERSION 3.18)
project(work C)
enable_testing()
set(sources)
foreach(n RANGE 1 24)
  file(WRITE ${CMAKE_BINARY_DIR}/part${n}.c
       "#include <stdlib.h>\nint part${n}(int x) { int *p = malloc(sizeof *p); *p = x * ${n};"
       " int y = *p; free(p); return y; }\n")
  list(APPEND sources ${CMAKE_BINARY_DIR}/part${n}.c)
endforeach()
add_library(parts STATIC ${sources})
add_executable(work main.c)
target_link_libraries(work parts)
add_test(NAME work COMMAND work)
string(REPEAT "abc;" 5000 long)
list(LENGTH long length)
list(SORT long)
list(REMOVE_DUPLICATES long)
message(STATUS "length ${length}, distinct ${long}")
'''

MAIN = r'''
#include <stdio.h>
int part1(int); int part24(int);
int main(void) { printf("%d\n", part1(3) + part24(5)); return part24(5) != 120; }
'''


def without_times(text):
    text = re.sub(r"\d+\.\d+ *s(ec)?", "T s", text)
    # Ninja numbers its steps in the order in which they happen to end.
    return "\n".join(sorted(text.splitlines()))


def run(space):
    space.write("source/CMakeLists.txt", LISTS)
    space.write("source/main.c", MAIN)
    space.run("cmake", "-G", "Ninja", "-S", "source", "-B", "build",
              "-DCMAKE_BUILD_TYPE=Release", edit=without_times)
    space.run("ninja", "-C", "build", "-j", "2", keep=False)
    space.run("sha256sum", "build/work", "build/libparts.a")
    space.run("build/work")
    space.run("ctest", "--test-dir", "build", edit=without_times)
    space.run("ninja", "-C", "build", "-n")
