/* What libpool.so shows to the programs it serves; everything else in it is hidden. */
#ifndef PRELOAD_EXPORT_H
#define PRELOAD_EXPORT_H

#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))

/* EXPORT ALIAS_OF(malloc) void *name(size_t); gives the function a second name. gcc wants it told
 * that what it knows of the function holds for the other name too; clang does not ask. */
#if __has_attribute(copy)
#define ALIAS_OF(function) __attribute__((alias(#function), copy(function)))
#else
#define ALIAS_OF(function) __attribute__((alias(#function)))
#endif

/* For a function whose name in the object file is not its name in C. */
#define ALIAS_OF_SYMBOL(symbol) __attribute__((alias(symbol)))

#endif
