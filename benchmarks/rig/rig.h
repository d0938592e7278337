/* What both programs of the rig share: the clock, stamps, histograms and arguments. C11, Linux.
 *
 * A token of the upstream is its own stamp: four letters that say when it was sent, in units of 0.1 ms of the
 * monotonic clock, modulo 62^4 (24 minutes). Whoever sees the text later knows how old it is, whatever
 * happened to it on the way, and it is as long as a token of English with its blank.
 */
#ifndef RIG_H
#define RIG_H
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull
#define SECOND 1000000000ull
#define STAMP_LETTERS 4
#define STAMP_UNIT (MS / 10)
#define STAMP_RANGE 14776336ull /* 62^4 */

static inline uint64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * SECOND + (uint64_t)at.tv_nsec;
}

static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static inline void put_stamp(char *to, uint64_t ns) {
    uint64_t units = ns / STAMP_UNIT % STAMP_RANGE;
    for (int at = STAMP_LETTERS - 1; at >= 0; at--, units /= 62) to[at] = DIGITS[units % 62];
}

static inline int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    if (c >= 'a' && c <= 'z') return c - 'a' + 36;
    return -1;
}

/* The age of a stamp; up to one unit too much, as a stamp is cut to its unit. */
static inline uint64_t age_of(uint64_t stamp, uint64_t now) {
    return (now / STAMP_UNIT + STAMP_RANGE - stamp) % STAMP_RANGE * STAMP_UNIT;
}

#define BUCKETS 200000 /* of 0.1 ms: 20 s; what takes longer counts as 20 s */
typedef struct {
    uint64_t count;
    uint64_t most;
    uint32_t bucket[BUCKETS + 1];
} Histogram;

static inline void note(Histogram *histogram, uint64_t ns) {
    uint64_t at = ns / STAMP_UNIT;
    histogram->bucket[at < BUCKETS ? at : BUCKETS]++;
    histogram->count++;
    if (ns > histogram->most) histogram->most = ns;
}

/* Nearest rank, in ms. */
static inline double share_ms(const Histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->count), seen = 0;
    for (int at = 0; at <= BUCKETS; at++) {
        seen += histogram->bucket[at];
        if (seen > wanted || (seen == histogram->count && seen > 0)) return at / 10.0;
    }
    return 0;
}

static inline void print_histogram(FILE *to, const char *name, const Histogram *histogram) {
    fprintf(to, "\"%s\": {\"count\": %" PRIu64 ", \"p50\": %.1f, \"p95\": %.1f, \"p99\": %.1f, \"max\": %.1f}", name,
            histogram->count, share_ms(histogram, 0.5), share_ms(histogram, 0.95), share_ms(histogram, 0.99),
            (double)histogram->most / MS);
}

static inline double own_cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static inline _Noreturn void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* The value of the argument "name=value", or what it is otherwise. */
static inline const char *argument(int argc, char **argv, const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (int at = 1; at < argc; at++)
        if (!strncmp(argv[at], name, length) && argv[at][length] == '=') return argv[at] + length + 1;
    return otherwise;
}

static inline double number(int argc, char **argv, const char *name, double otherwise) {
    const char *value = argument(argc, argv, name, NULL);
    return value ? atof(value) : otherwise;
}

static inline void *grown(void *old, size_t size) {
    void *made = realloc(old, size);
    if (!made) die("memory");
    return made;
}

/* Die with whoever started this program, and open as many files as one may. */
static inline void be_a_child(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}
#endif
