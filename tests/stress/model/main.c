/* The model: players allocate, resize, check, hand over and free blocks of every kind, each in a
   thread that ends now and then and leaves its blocks to a successor. With --replay one thread
   plays all of them in turn, so that a seed that failed can be followed step by step. */
#include <getopt.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "player.h"

#define LIVES 8

static sem_t finished;

static void *play_one_life(void *argument) {
    struct player *player = argument;
    uint64_t all = player->game->steps_each;
    uint64_t until = player->step + all / LIVES + 1;
    pthread_attr_t detached;
    pthread_t successor;

    while (player->step < until && player->step < all)
        player_step(player);
    if (player->step == all) {
        sem_post(&finished);
        return NULL;
    }
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&successor, &detached, play_one_life, player) != 0)
        fail("model: a thread cannot be started");
    pthread_attr_destroy(&detached);
    return NULL;
}

static void show_steps(const struct game *game) {
    uint64_t done = 0;

    for (unsigned i = 0; i < game->player_count; i++)
        done += game->players[i].step;
    fprintf(stderr, "\r%3llu %%",
            (unsigned long long)(done * 100 / game->player_count / game->steps_each));
}

static void play_in_threads(struct game *game) {
    sem_init(&finished, 0, 0);
    for (unsigned i = 0; i < game->player_count; i++) {
        pthread_t first;
        if (pthread_create(&first, NULL, play_one_life, &game->players[i]) != 0)
            fail("model: a thread cannot be started");
        pthread_detach(first);
    }
    for (unsigned ended = 0; ended < game->player_count;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        if (sem_timedwait(&finished, &until) == 0)
            ended++;
        else if (shows_progress())
            show_steps(game);
    }
    if (shows_progress())
        fputs("\r      \r", stderr);
}

static void play_in_turn(struct game *game) {
    for (uint64_t step = 0; step < game->steps_each; step++) {
        for (unsigned i = 0; i < game->player_count; i++)
            player_step(&game->players[i]);
    }
}

static uint64_t number(const char *text, const char *option, uint64_t least) {
    char *end;
    double value = strtod(text, &end);

    if (*end != '\0' || value < (double)least || value > 1e18)
        fail("model: --%s takes a number from %llu, such as 1e7, not '%s'", option,
             (unsigned long long)least, text);
    return value < 1e15 ? (uint64_t)value : strtoull(text, NULL, 10);
}

static const struct option options[] = {
    {"seed", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, 't'},
    {"steps", required_argument, NULL, 'n'},
    {"replay", no_argument, NULL, 'r'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "model [--seed N] [--threads N] [--steps N] [--replay] [--verbose]\n"
    "  --seed N     the random choices (default: another one each time; it is printed)\n"
    "  --threads N  players (default 4)\n"
    "  --steps N    steps of all players together (default 1e7)\n"
    "  --replay     one thread plays all in turn: the same steps in a fixed order\n"
    "  --verbose    print each call\n"
    "Exit status: 0 all was right, 1 something was wrong, 2 wrong usage.\n";

static int read_options(int argc, char **argv, struct game *game, uint64_t *steps) {
    int replay = 0, option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            game->seed = number(optarg, "seed", 0);
            break;
        case 't':
            game->player_count = (unsigned)number(optarg, "threads", 1);
            break;
        case 'n':
            *steps = number(optarg, "steps", 1);
            break;
        case 'r':
            replay = 1;
            break;
        case 'v':
            game->verbose = 1;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    return replay;
}

int main(int argc, char **argv) {
    struct game game = {.seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 20, .player_count = 4};
    uint64_t steps = 10000000;
    int replay = read_options(argc, argv, &game, &steps);
    double start = seconds_now();
    size_t bytes = game.player_count * sizeof *game.players;

    require_subject();
    /* The model's own records lie outside the heap that it watches. */
    game.players = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (game.players == MAP_FAILED)
        fail("model: no memory for %u players", game.player_count);
    game.steps_each = (steps + game.player_count - 1) / game.player_count;
    printf("seed %llu, %u players, %llu steps each%s\n", (unsigned long long)game.seed,
           game.player_count, (unsigned long long)game.steps_each, replay ? ", in turn" : "");
    for (unsigned i = 0; i < game.player_count; i++)
        player_start(&game.players[i], &game, i);
    if (replay)
        play_in_turn(&game);
    else
        play_in_threads(&game);
    for (unsigned i = 0; i < game.player_count; i++)
        player_finish(&game.players[i]);
    printf("all as written, %.1f s, %.1f MiB resident at the end\n", seconds_now() - start,
           (double)resident_bytes() / (double)MIB);
    return 0;
}
