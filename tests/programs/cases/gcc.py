"""gcc: compiles generated C at -O2 -g; assembly and object code must be the same bytes."""

PROGRAMS = ["gcc"]
WITNESSES = ["gcc", "cc1", "as", "collect2", "ld"]


def source():
    """C with enough functions, switches and loops to keep the optimiser busy."""
    parts = ["#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
             "struct row { int id; double value; char name[32]; struct row *next; };\n"]
    for n in range(60):
        cases = "\n".join(f"    case {i}: total += x * {i + n}; break;" for i in range(20))
        parts.append(f"""
static long step{n}(long x, struct row *row)
{{
    long total = {n};
    for (int i = 0; i < 32; i++) {{
        row->name[i] = (char)('a' + (i * {n + 1} + x) % 26);
        switch ((x + i) % 20) {{
{cases}
        }}
    }}
    row->name[31] = 0;
    row->value = total * 0.5;
    return total + (long)strlen(row->name);
}}""")
    calls = "\n".join(f"        sum += step{n}(i + {n}, row);" for n in range(60))
    parts.append(f"""
int main(void)
{{
    long sum = 0;
    for (int i = 0; i < 1000; i++) {{
        struct row *row = calloc(1, sizeof *row);
{calls}
        free(row);
    }}
    printf("%ld\\n", sum);
    return 0;
}}""")
    return "\n".join(parts)


def run(space):
    space.write("work.c", source())
    space.run("gcc", "-O2", "-S", "-Wall", "-Wextra", "work.c", "-o", "work.s")
    space.record_file("work.s")
    space.run("gcc", "-O3", "-g", "-c", "work.c", "-o", "work.o")
    space.run("sha256sum", "work.o")
    space.run("gcc", "-O1", "-flto", "work.c", "-o", "work")
    space.run("sha256sum", "work")
    space.run("./work")
    space.write("wrong.c", "int main(void) { return undeclared + ; }\nvoid f(int) { g(; }\n")
    space.run("gcc", "-c", "wrong.c", status=1)
