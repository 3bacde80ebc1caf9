/* How much free memory may be kept from the OS.
 *
 * A preloaded library should start no thread, and a program that frees everything and sleeps
 * calls nothing; so giving back happens at the frees themselves, at once, down to an allowance:
 *
 *     allowed = keep_bytes + keep_share * live + max(bounced, risen)
 *
 * `bounced` learns: memory given back and wanted again within about a second raises it by
 * twice as much, up to the most that was live of late; what then lies kept without being used for a
 * decay time lowers it again. Of it counts at most 8 MiB and half of live, for pools a 64th of live
 * and a quarter of the runs. In a program that works in waves, of which live falls below half of
 * its peak in between, also what it fell by, less what the other kind keeps, up to 128 MiB: so much
 * it keeps at most if it sleeps from then on.
 *
 * `risen` is by how much live lies above its last low, at most a third of live. A program at work
 * goes up and down a little and keeps what it will want again; one that only frees loses this
 * allowance with every byte.
 *
 * Mappings that nobody wanted while pools took as much from the OS are kept for neither reason.
 *
 * All functions are to be called under the arena lock, unless they say otherwise.
 */
#ifndef POOL_DECAY_H
#define POOL_DECAY_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that may be kept just now: of cached mappings, and of free pools beside `held` bytes that
 * a heap keeps. */
uint64_t decay_allowed(void);
uint64_t decay_allowed_pools(uint64_t held);
/* Is it time to ask for huge pages for `bytes` that may be touched only in part? Not while that
 * would be more than a thirty-second of what is in use. */
bool decay_huge(uint64_t bytes);
/* Have the kept mappings, more than a quarter of live, been of no use for so long that as much had
 * to come from the OS for pools? Then only the options' part of them may be kept. A hint, no lock
 * needed. */
bool decay_idle(void);
/* Bytes of pools, runs and large blocks in use, about; no lock needed. */
uint64_t decay_live_about(void);
/* Of these, runs'. The same. */
uint64_t decay_runs_about(void);
/* Is less in use than half of the most of late? The same. */
bool decay_fell(void);
/* Has a period ended in which the learnt allowance may have gone unused? A hint, no lock needed. */
bool decay_due(uint64_t now_ms);
/* The first touch of a huge page took so long: if small ones would be no slower, no more are asked
 * for. So it is in virtual machines that hand free huge pages back to their host. */
void decay_huge_took(uint64_t nanoseconds);
/* Bytes kept just now. */
uint64_t decay_kept(void);
/* `bytes` became free and are kept / kept bytes were taken into use again. */
void decay_keep(uint64_t bytes);
void decay_reuse(uint64_t bytes);
/* `bytes` of kept memory went back to the OS. */
void decay_gave_back(uint64_t bytes);
/* `bytes` had to come from the OS; for pools. */
void decay_fresh(uint64_t bytes);
void decay_pools_fresh(uint64_t bytes);
/* Mappings were freed and are kept, or taken into use again. */
void decay_mappings_change(void);
/* Bytes came into use or went out of it. */
void decay_live(int64_t bytes);
/* The same bytes, as far as they are runs'. */
void decay_runs(int64_t bytes);

#endif
