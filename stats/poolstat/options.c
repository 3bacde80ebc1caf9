/* poolstat options: the run-time options of libpool, from the table its parser is made of. */
#include "../../preload/options.h"
#include "commands.h"
#include "text.h"

static void print_text(void) {
    static const char *const heads[] = {"<option", "<default", "<value", "<meaning", NULL};
    struct table table;
    table_start(&table, heads);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        table_row(&table, option_rows[i].key, option_rows[i].initial,
                  option_forms[option_rows[i].kind], option_rows[i].help);
    printf("POOL_CONF=option:value,option:value in the environment of the program.\n\n");
    table_end(&table, stdout, text_colour(stdout));
}

static void print_as_json(void) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "option", json_object_new_string(option_rows[i].key));
        json_object_object_add(row, "default", json_object_new_string(option_rows[i].initial));
        json_object_object_add(row, "value",
                               json_object_new_string(option_forms[option_rows[i].kind]));
        json_object_object_add(row, "meaning", json_object_new_string(option_rows[i].help));
        json_object_array_add(list, row);
    }
    print_json(stdout, list, false);
}

int command_options(const struct settings *settings) {
    (settings->json ? print_as_json : print_text)();
    return STATUS_OK;
}
