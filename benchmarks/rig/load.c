/* Thousands of visitors: WebSocket clients that ask, read, and say how old what they read was.
 *
 *     load mode=MODE port=P[,P2...] n=N [name=value ...]
 *
 * mode=streams  each opens, asks once and reads its reply; measured for `seconds` once all have text
 * mode=direct   the same over plain HTTP from the upstream itself: what the rig adds of its own
 * mode=idle     each opens and says nothing more
 * mode=stuck    each opens, asks, and never reads again once its message is acknowledged
 *
 * rate=100      sockets opened a second; 0 is as many as can be, `flight` (100) at once
 * cookies=FILE  a Cookie header a line, used in turn      origin=URL  of the page
 * path=/ws/chat/   text=MESSAGE, a number is put behind it   warm=1 (s before the window)   seconds=8   patience=20 (s for what must come)
 * finish=0      1: wait until every reply is done          pids=A,B    whose CPU time the window counts
 * resumes=0     so many sockets are cut in the window and come back 0.2 s later, one after the other
 * nag_ms=0      stuck ones ask for their whole reply again so often      sources=1  addresses 127.0.0.1, .2, ...
 * rcvbuf=0      bytes of a socket's receive buffer         hold=0      1: wait for a line on stdin at each phase
 *
 * Writes a line of JSON at each phase; the last one has "phase": "end".
 */
#include "client.h"

static int next_to_open;
static bool let_go;

/* Serve the sockets for a moment, and open those whose time has come. */
static void turn(uint64_t opening_since) {
    static struct epoll_event events[1024];
    if (to_send_again) send_again(now_ns());
    if (opening_since) {
        double elapsed = (double)(now_ns() - opening_since) / 1e9;
        int due = want.rate > 0 ? (int)(elapsed * want.rate) + 1 : want.n;
        while (next_to_open < want.n && next_to_open < due && (want.rate > 0 || in_flight < want.flight)) dial(next_to_open++);
    }
    int ready = epoll_wait(poller, events, 1024, opening_since && next_to_open < want.n ? 1 : 10);
    for (int at = 0; at < ready; at++) {
        if (events[at].data.u32 != UINT32_MAX) {
            happened(&events[at]);
            continue;
        }
        char line[100];
        let_go = true;
        if (read(0, line, sizeof line) <= 0) epoll_ctl(poller, EPOLL_CTL_DEL, 0, NULL), want.hold = false;
    }
}

static void report(const char *phase, double window_s, double own_s, const double *cpu_s, double opening_s) {
    uint64_t least = UINT64_MAX, most = 0, read = 0;
    for (int at = 0; at < want.n; at++) {
        read += clients[at].tokens;
        if (clients[at].state != DONE) continue;
        if (clients[at].tokens < least) least = clients[at].tokens;
        if (clients[at].tokens > most) most = clients[at].tokens;
    }
    printf("{\"phase\": \"%s\", \"n\": %d, \"opened\": %d, \"acked\": %d, \"with_text\": %d, \"done\": %d, \"completed\": %d, \"failed\": %d, "
           "\"closed_by_server\": %d, \"resumed\": %d, \"sent_again\": %d, \"gaps\": %d, "
           "\"repeated\": %" PRIu64 ", \"trouble\": \"%s\", \"opening_s\": %.3f, ",
           phase, want.n, opened, acked, with_text, done, completed, failed, closed_by_server, resumed, sent_again, gaps, repeated, first_trouble, opening_s);
    printf("\"window_s\": %.3f, \"tokens\": %" PRIu64 ", \"frames\": %" PRIu64 ", \"bytes\": %" PRIu64
           ", \"read\": %" PRIu64 ", \"own_cpu_s\": %.3f, \"least_tokens\": %" PRIu64 ", \"most_tokens\": %" PRIu64 ", \"cpu_s\": {",
           window_s, tokens, frames, bytes, read, own_s, done ? least : 0, most);
    for (int at = 0; at < want.pid_count; at++) printf("%s\"%d\": %.3f", at ? ", " : "", want.pids[at], cpu_s ? cpu_s[at] : 0);
    printf("}, ");
    print_histogram(stdout, "open_ms", &opening), printf(", ");
    print_histogram(stdout, "ack_ms", &acking), printf(", ");
    print_histogram(stdout, "first_text_ms", &first_text), printf(", ");
    print_histogram(stdout, "delay_ms", &delays), printf(", ");
    print_histogram(stdout, "resume_ms", &resuming), printf("}\n");
    fflush(stdout);
}

static void hold(const char *phase, double opening_s) {
    if (!want.hold) return;
    let_go = false;
    report(phase, 0, 0, NULL, opening_s);
    while (!let_go && want.hold) turn(0);
}

static int busy(void) {
    return opened + failed < want.n;
}

static int waiting_for_text(void) {
    return with_text + failed < want.n;
}

static int unfinished(void) {
    return done + failed < want.n;
}

static int unacknowledged(void) {
    return acked + failed < want.n;
}

static void turn_while(int (*still)(void), double seconds, uint64_t opening_since) {
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
    while (still() && now_ns() < until) turn(opening_since);
}

static int away = -1; /* the socket that is cut at present */

static void bring_back(void) {
    clients[away].came_back = true;
    dial(away);
    away = -1;
}

/* Cut a reading socket, and bring the one back that was cut 0.2 s ago. */
static void cut_and_return(uint64_t now, uint64_t began) {
    static int cut;
    static uint64_t since;
    if (away >= 0 && now - since > 200 * MS) bring_back();
    uint64_t every = (uint64_t)(want.seconds * 1e9) / (uint64_t)(want.resumes + 1);
    if (away >= 0 || cut >= want.resumes || now - began < every * (uint64_t)(cut + 1)) return;
    Client *client = &clients[cut++ % want.n];
    if (client->state != READING) return;
    close(client->fd);
    client->fd = -1;
    client->state = AWAY;
    away = (int)(client - clients);
    since = now;
}

static void nag(uint64_t now) {
    for (int at = 0; at < want.n; at++) {
        Client *client = &clients[at];
        if (client->state != STUCK || client->fd < 0 || now - client->nagged < (uint64_t)(want.nag_ms * MS)) continue;
        client->nagged = now;
        ask_again(client, 0, 0);
    }
}

static void measure_window(double opening_s) {
    double before[32], after[32], own = own_cpu_s();
    for (int at = 0; at < want.pid_count; at++) before[at] = cpu_of(want.pids[at]);
    uint64_t began = now_ns(), until = began + (uint64_t)(want.seconds * 1e9), now;
    measuring = true;
    while ((now = now_ns()) < until) {
        turn(0);
        if (want.resumes) cut_and_return(now, began);
        if (want.nag_ms > 0) nag(now);
    }
    measuring = false;
    if (away >= 0) bring_back();
    double window_s = (double)(now - began) / 1e9;
    for (int at = 0; at < want.pid_count; at++) after[at] = cpu_of(want.pids[at]) - before[at];
    own = own_cpu_s() - own;
    hold("measured", opening_s);
    if (want.finish) turn_while(unfinished, want.patience, 0);
    report("end", window_s, own, after, opening_s);
}

static int never(void) {
    return 1;
}

int main(int argc, char **argv) {
    be_a_child();
    want.mode = argument(argc, argv, "mode", "streams");
    want.path = argument(argc, argv, "path", "/ws/chat/");
    want.origin = argument(argc, argv, "origin", "");
    want.text = argument(argc, argv, "text", "Hello?");
    want.n = (int)number(argc, argv, "n", 1);
    want.flight = (int)number(argc, argv, "flight", 100);
    want.sources = (int)number(argc, argv, "sources", 1);
    want.resumes = (int)number(argc, argv, "resumes", 0);
    want.rcvbuf = (int)number(argc, argv, "rcvbuf", 0);
    want.rate = number(argc, argv, "rate", 100);
    want.warm = number(argc, argv, "warm", 1);
    want.seconds = number(argc, argv, "seconds", 8);
    want.patience = number(argc, argv, "patience", 20);
    want.nag_ms = number(argc, argv, "nag_ms", 0);
    want.finish = number(argc, argv, "finish", 0) > 0;
    want.hold = number(argc, argv, "hold", 0) > 0;
    want.direct = !strcmp(want.mode, "direct");
    want.port_count = numbers(argument(argc, argv, "port", ""), want.ports, 16);
    want.pid_count = numbers(argument(argc, argv, "pids", ""), want.pids, 32);
    want.cookie_count = lines_of(argument(argc, argv, "cookies", ""), &want.cookies);
    if (!want.port_count || want.n < 1 || want.sources < 1 || want.flight < 1) {
        fprintf(stderr, "load mode=... port=... n=...; see the head of load.c\n");
        return 2;
    }
    clients = calloc((size_t)want.n, sizeof *clients);
    if (!clients) die("memory");
    for (int at = 0; at < want.n; at++) clients[at].fd = -1;
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    if (want.hold) epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    uint64_t since = now_ns();
    double slowest = want.rate > 0 ? want.n / want.rate : want.n / 20.0;
    turn_while(busy, slowest + want.patience, since);
    double opening_s = (double)(now_ns() - since) / 1e9;
    hold("opened", opening_s);
    if (!strcmp(want.mode, "stuck")) {
        for (int at = 0; at < want.n; at++)
            if (clients[at].state == READING) ask(&clients[at]);
        turn_while(unacknowledged, want.patience, 0);
    } else if (strcmp(want.mode, "idle")) {
        turn_while(waiting_for_text, want.patience, 0);
        turn_while(never, want.warm, 0);
    }
    measure_window(opening_s);
    return 0;
}
