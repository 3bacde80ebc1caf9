/* Reads of what a pool's or heap's owner may be changing, on purpose: statistics, hints that are
 * checked again under a lock, and questions whose answer no such change alters. Whatever value
 * they find, nothing breaks. The mark lets the thread sanitizer pass over these functions and find
 * every other race; in other builds it is nothing. */
#ifndef POOL_RACY_H
#define POOL_RACY_H

#if defined(__SANITIZE_THREAD__)
#define RACY __attribute__((no_sanitize("thread")))
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RACY __attribute__((no_sanitize("thread")))
#endif
#endif
#ifndef RACY
#define RACY
#endif

#endif
